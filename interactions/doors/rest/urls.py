"""/api/v1 of the record of contacts."""

from django.urls import path

from interactions.cases import api as cases
from interactions.channels.api import InboxesView
from interactions.customers import api as customers
from interactions.doors.rest import api as contacts
from interactions.doors.rest import message_api as messages
from interactions.routing.api import QueuesView

urlpatterns = [
    path("contacts", contacts.ContactsView.as_view(), name="api-contacts"),
    path("contacts/bulk", contacts.BulkContactsView.as_view(), name="api-contacts-bulk"),
    path("interactions", cases.InteractionsView.as_view(), name="api-interactions"),
    path("interactions/changes", cases.InteractionChangesView.as_view(), name="api-interaction-changes"),
    path("interactions/<uuid:public_id>", cases.InteractionView.as_view(), name="api-interaction"),
    path("interactions/<uuid:public_id>/messages", contacts.MessagesView.as_view(), name="api-messages"),
    path("messages/<uuid:public_id>/report", messages.ReportView.as_view(), name="api-message-report"),
    path("messages/<uuid:public_id>/files", messages.FilesView.as_view(), name="api-message-files"),
    path("cases", cases.CasesView.as_view(), name="api-cases"),
    path("cases/<uuid:public_id>", cases.CaseView.as_view(), name="api-case"),
    path("customers", customers.CustomersView.as_view(), name="api-customers"),
    path("customers/<uuid:public_id>", customers.CustomerView.as_view(), name="api-customer"),
    path("inboxes", InboxesView.as_view(), name="api-inboxes"),
    path("queues", QueuesView.as_view(), name="api-queues"),
    path("reasons", cases.ReasonsView.as_view(), name="api-reasons"),
]
