import time
import pytest

@pytest.mark.real_data
def test_x(boss):
    for page in ("resolution", "operations"):
        r = boss.get(f"/dashboards/{page}/?from=1999-01&to=1999-01")
        open(f"/tmp/{page}.html", "wb").write(r.content)
        print(page, r.status_code, len(r.content))
