"""An erased customer's words leave the surveys; the scores stay in the figures."""

import pytest

from ccx.kernel.events.pumping import pump_everything
from feedback.models import Response
from feedback.surveys.services import record_response
from interactions.customers.services.erasing import erase_customer
from tests.factories.customers import make_contact, make_customer, make_customer_centre

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_words_of_an_erased_customer_are_wiped_and_the_scores_stay() -> None:
    centre = make_customer_centre()
    gone, here = make_customer("Ann"), make_customer("Ben")
    for customer in (gone, here):
        contact = make_contact(centre, customer, "hello")
        record_response(interaction=contact, answers={"csat": 2, "comment": "Ann Smith waited"}, by=None)

    erase_customer(customer_id=gone.pk, by=centre.ada)
    pump_everything()

    said = {response.interaction.customer_id: response for response in Response.objects.select_related("interaction")}
    assert (said[gone.pk].csat, said[gone.pk].comment) == (2, "")
    assert (said[here.pk].csat, said[here.pk].comment) == (2, "Ann Smith waited")
