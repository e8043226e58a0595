import time, json
import pytest
from datetime import date
from tests.conftest import real_data_folder
from analytics.kpis.questions import Filters, Period, Split
from analytics.kpis.reading import read_figures
from analytics.kpis.registry import REGISTRY
from tests.factories.figures import an_administrator

@pytest.mark.real_data
def test_x(db):
    out = read_figures(keys=list(REGISTRY), period=Period(date(1999,1,1), date(1999,1,31)), comparison=None, filters=Filters(), split_by=Split.NONE, user=an_administrator())
    for k, f in out.total.items():
        print(k, f.state, f.value, f.numerator, f.denominator, f.n)
