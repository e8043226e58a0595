"""Pages of a demonstration: caught mail for those who are signed in, and the pretend shop, which is public."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ccx.demo import shop
from ccx.demo.caught import Caught, answer_as_the_customer, caught_mail, caught_mails, is_on
from ccx.kernel.look.parts import Empty

LONGEST_ANSWER = 20_000
SHOPPER_COOKIE = "demo_shopper"


def _in_a_demonstration(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def gated(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not is_on():
            raise Http404
        return view(request, *args, **kwargs)

    return gated


@_in_a_demonstration
@login_required
@never_cache
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """What would have left."""
    empty = Empty(icon="email", sentence=_("No mail was sent yet. Answer a contact, and the mail appears here."))
    return render(request, "demo/mails.html", {"mails": list(caught_mails()), "empty": empty})


@_in_a_demonstration
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One of them, to read and to answer as the customer."""
    found = caught_mail(name)
    if found is None:
        raise Http404
    if request.method == "POST" and _answered(request, found):
        return redirect("demo-mail", name)
    return render(request, "demo/mail.html", {"caught": found, "longest": LONGEST_ANSWER})


def _answered(request: HttpRequest, found: Caught) -> bool:
    words = request.POST.get("words", "").strip()[:LONGEST_ANSWER]
    if not words:
        messages.error(request, _("Write something first."))
        return False
    taken = answer_as_the_customer(found, words)
    if taken is None:
        messages.error(request, _("Nobody reads mail to that address."))
    elif taken.is_unreadable:
        messages.error(request, _("The answer could not be read and was put aside."))
    else:
        messages.success(request, _("The answer came in."))
    return True


@_in_a_demonstration
@never_cache
@require_safe
def shop_shelf(request: HttpRequest) -> HttpResponse:
    """Everything the pretend shop sells."""
    return _shop_page(request, "demo/shop.html", {"products": shop.PRODUCTS})


@_in_a_demonstration
@never_cache
@require_safe
def shop_product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product; the chat goes on from page to page."""
    product = shop.product_named(slug)
    if product is None:
        raise Http404
    others = [other for other in shop.PRODUCTS if other != product]
    return _shop_page(request, "demo/shop_product.html", {"product": product, "others": others})


@_in_a_demonstration
@require_POST
def shop_sign_in(request: HttpRequest) -> HttpResponse:
    """Be one of the shop's customers, or nobody; the shop believes whatever is chosen."""
    response = redirect("demo-shop")
    shopper = shop.shopper_named(request.POST.get("shopper", ""))
    if shopper is None:
        response.delete_cookie(SHOPPER_COOKIE)
    else:
        response.set_cookie(SHOPPER_COOKIE, shopper.id, httponly=True, samesite="Lax")
    return response


def _shop_page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    line = shop.chat_line()
    can_sign = shop.signs(line)
    shopper = shop.shopper_named(request.COOKIES.get(SHOPPER_COOKIE, "")) if can_sign else None
    signed = shop.signed(shopper, line) if shopper and line else ""
    shoppers = shop.SHOPPERS if can_sign else ()
    return render(
        request, template, context | {"line": line, "shopper": shopper, "signed": signed, "shoppers": shoppers}
    )
