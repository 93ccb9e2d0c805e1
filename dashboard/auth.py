"""Who is asking: a member of staff who has signed in, or a machine with a bearer token."""

from __future__ import annotations

import hashlib
import hmac
import math
import threading
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import LoginManager, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from dashboard.board import Board, the_board
from dashboard.brake import Brake
from dashboard.store import StoreError
from gateway.store import StaffRecord
from protocol.clock import now
from protocol.messages import TerminalEvent

blueprint = Blueprint("sign_in", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffUser:
    """A member of staff with a session. mark: changes with the PIN, which ends old sessions."""

    id: str
    name: str
    roles: tuple[str, ...]
    mark: str
    is_machine: bool = False
    is_active: bool = True
    is_authenticated: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return f"{self.id}:{self.mark}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A program with a bearer token; it has no session."""

    id: str
    name: str
    roles: tuple[str, ...] = ()
    is_machine: bool = True
    is_active: bool = True
    is_authenticated: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return f"token:{self.name}"


class SignInForm(FlaskForm):
    """Staff id and PIN."""

    staff = StringField(_l("Staff id"), validators=[InputRequired(), Length(max=64)])
    pin = PasswordField(_l("PIN"), validators=[InputRequired(), Length(max=128)])


class Guard:
    """The brake on wrong PINs, shared by the threads that serve pages."""

    def __init__(self) -> None:
        self._brake = Brake()
        self._lock = threading.Lock()

    def attempt(self, staff: str, address: str) -> tuple[int, bool]:
        """(whole seconds to wait, 0 = go ahead; whether this refusal is news for the log)."""
        keys = (f"staff {staff}", f"address {address}")
        with self._lock:
            verdict = self._brake.attempt(keys, now().mono_ms)
        return math.ceil(verdict.wait_ms / 1000), verdict.is_news

    def passed(self, staff: str, address: str) -> None:
        with self._lock:
            self._brake.passed(cleared=f"staff {staff}", forgiven=f"address {address}")


def set_up(app: Flask) -> None:
    """Gives `app` its sign-in page and its users."""
    app.extensions["anling_guard"] = Guard()
    manager = LoginManager(app)
    manager.user_loader(_user_of_session)
    manager.request_loader(_user_of_request)
    app.register_blueprint(blueprint)


# -- who --------------------------------------------------------------------------------------


def _user_of_session(session_id: str) -> StaffUser | None:
    """The member of staff a session belongs to; None when gone, or with a new PIN since.

    A request that shows a token is a machine's, whatever cookie came along.
    """
    if "Authorization" in request.headers:
        return None
    staff_id, _colon, mark = session_id.partition(":")
    try:
        record = _find(staff_id)
    except StoreError as error:
        g.store_error = error
        return None
    if record is None or not hmac.compare_digest(_mark(record), mark):
        return None
    return _user(record)


def _user_of_request(request: Request) -> Machine | None:
    """The machine whose bearer token this is."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    for known in the_board().config.tokens:
        if hmac.compare_digest(known.sha256, digest):
            return Machine(id=known.name, name=known.name)
    return None


def _find(staff_id: str) -> StaffRecord | None:
    return next((item for item in the_board().reader.staff() if item.staff == staff_id), None)


def _mark(record: StaffRecord) -> str:
    return hashlib.sha256(record.pin_hash.encode()).hexdigest()[:16]


def _user(record: StaffRecord) -> StaffUser:
    return StaffUser(
        id=record.staff, name=record.name, roles=tuple(record.roles), mark=_mark(record)
    )


# -- sign-in ----------------------------------------------------------------------------------


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Response:
    """The one page a stranger sees."""
    form = SignInForm()
    if request.method != "POST":
        return _sign_in_page(form)
    if not form.validate():
        return _sign_in_page(form, error=_("Type your staff id and your PIN."), status=422)
    staff = form.staff.data.strip()
    tried = try_pin(staff, form.pin.data)
    user = tried.user
    if user is None:
        return _sign_in_page(form, error=tried.error, status=tried.status, wait_s=tried.wait_s)
    session.clear()  # nothing of the visitor before survives: no fixed session, no old CSRF token
    session.permanent = True
    login_user(user)
    _tell("signed_in", staff)
    return redirect(local_target(request.values.get("next")))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Ends the session."""
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.sign_in"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of an id and a PIN. user: None when refused, and then error says why.

    wait_s: whole seconds until the next try, None when that may be at once.
    """

    user: StaffUser | None
    error: str = ""
    wait_s: int | None = None

    @property
    def status(self) -> int:
        return 200 if self.user else 429 if self.wait_s is not None else 401


def try_pin(staff: str, pin: str) -> Tried:
    """Whose id and PIN these are, behind the brake on guessing; refusals get into the log."""
    address = request.remote_addr or ""
    guard: Guard = current_app.extensions["anling_guard"]
    wait_s, is_news = guard.attempt(staff, address)
    if wait_s:
        if is_news:
            _tell("sign_in_slowed", staff)
        text = _("Too many wrong PINs. Try again in %(seconds)d s.", seconds=wait_s)
        return Tried(user=None, error=text, wait_s=wait_s)
    user = _checked(staff, pin)
    if user is None:
        _tell("sign_in_refused", staff)
        return Tried(user=None, error=_("Staff id or PIN is wrong."))
    guard.passed(staff, address)
    return Tried(user=user)


def _checked(staff_id: str, pin: str) -> StaffUser | None:
    """The member of staff with this id and PIN; takes as long for an id that does not exist."""
    records = the_board().reader.staff()
    record = next((item for item in records if item.staff == staff_id and item.pin_hash), None)
    others = (item.pin_hash for item in records if item.pin_hash)
    pin_hash = record.pin_hash if record else next(others, None) or generate_password_hash("")
    try:
        is_right = check_password_hash(pin_hash, pin)
    except ValueError:  # a hash of an unknown kind opens to nobody
        is_right = False
    return _user(record) if record is not None and is_right else None


def _sign_in_page(
    form: SignInForm, *, error: str = "", status: int = 200, wait_s: int | None = None
) -> Response:
    page = render_template(
        "sign_in.html",
        form=form,
        error=error,
        next=local_target(request.values.get("next")),
    )
    response = make_response(page, status)
    if wait_s is not None:
        response.headers["Retry-After"] = str(wait_s)
    return response


def local_target(target: str | None) -> str:
    """`target` if it is a path of this board, else the board itself.

    Browsers read `//host`, `/\\host` and leading control characters as other sites.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(char) < 0x21 for char in target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else target


def _tell(event: str, staff: str) -> None:
    board: Board = the_board()
    board.live.tell(
        TerminalEvent(
            event_id=uuid.uuid4().hex,
            event=event,
            staff=staff[:200],
            address=(request.remote_addr or "")[:200],
        )
    )
