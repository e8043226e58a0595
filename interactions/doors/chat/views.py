"""The addresses of the chat. docs/channels/chat.md says what each takes and gives."""

from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ccx.kernel.access.errors import BodyTooLargeError, NotFoundError
from ccx.kernel.access.rates import Rate
from ccx.kernel.access.shapes import Field, Shape, WrongValue, integer, plain_object, public_id, text
from ccx.kernel.sockets import chat_address
from interactions.channels.chat.adapter import FILE_TYPES, MAX_FILE, MAX_FILES, MAX_TEXT
from interactions.channels.chat.line import LANGUAGES
from interactions.channels.contract import FetchedFile
from interactions.doors.chat.edge import Asked, chat, spend, told
from interactions.doors.chat.errors import FileIsRefusedError
from interactions.doors.chat.selectors import availability, file_of, is_running, state_of
from interactions.doors.chat.selectors import told as told_message
from interactions.doors.chat.services import (
    begin_session,
    end_chat,
    hear_typing,
    keep_email,
    keep_page,
    keep_upload,
    open_link,
    say,
    show_up_to,
    take_form,
)
from interactions.doors.chat.services.saying import Words
from interactions.doors.chat.services.sessions import Introduction
from interactions.doors.chat.services.writing import Form, offers_form
from interactions.doors.chat.tokens import opens_file
from interactions.doors.models import ChatVisitor
from ccx.kernel.files import kind_of
