import pytest
import redis
from django.conf import settings

from tests.factories.customers import CustomerCentre, make_customer_centre


@pytest.fixture
def centre(db: None) -> CustomerCentre:
    """Alice leads Bob; Charlie leads another team; Ada administers."""
    return make_customer_centre()


@pytest.fixture(autouse=True)
def _fresh_rates() -> None:
    """Nobody has asked for a link yet."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    for name in client.scan_iter("ccx:rate:survey-*"):
        client.delete(name)
