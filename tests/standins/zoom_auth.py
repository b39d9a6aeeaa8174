"""Who may call Zoom: tokens of a server-to-server app."""

import base64
import secrets
from urllib.parse import parse_qs

from .http_service import Answer, ApiError

INVALID_TOKEN = 124
MISSING_SCOPE = 4711


class ZoomAuth:
    """Credentials and tokens; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.client_id = secrets.token_urlsafe(16)
        self.client_secret = secrets.token_urlsafe(24)
        self.token_life_s = 3600
        self.scopes = ["meeting:read:admin", "meeting:write:admin",
                       "user:read:admin"]
        self._tokens = {}

    # -- control API -------------------------------------------------------

    def revoke_tokens(self):
        """Ends all tokens given out so far."""
        with self.world.changed:
            self._tokens.clear()

    # -- serving -----------------------------------------------------------

    def create_token(self, request):
        """POST /oauth/token with grant_type account_credentials."""
        wanted = f"{self.client_id}:{self.client_secret}".encode()
        if request.headers.get("Authorization") != (
                "Basic " + base64.b64encode(wanted).decode()):
            raise _oauth_error("invalid_client",
                               "Invalid client_id or client_secret")
        given = _form(request)
        if given.get("grant_type") != ["account_credentials"]:
            raise _oauth_error("unsupported_grant_type",
                               "unsupported grant type")
        if given.get("account_id") != [self.account_id]:
            raise _oauth_error("invalid_request", "Bad Request")
        token = "eyJ" + secrets.token_urlsafe(480)
        self._tokens[token] = (tuple(self.scopes),
                               self.clock.ago(-self.token_life_s))
        return Answer(200, {
            "access_token": token, "token_type": "bearer",
            "expires_in": self.token_life_s,
            "scope": " ".join(self.scopes), "api_url": self.url})

    def authorize(self, request):
        """Lets pass: the token request, and tokens with the scope."""
        if request.path == "/oauth/token":
            return
        kind, _, token = request.headers.get("Authorization",
                                             "").partition(" ")
        if kind != "Bearer" or token not in self._tokens:
            raise ApiError(401, {"code": INVALID_TOKEN,
                                 "message": "Invalid access token."})
        scopes, end = self._tokens[token]
        if end <= self.clock.now():
            raise ApiError(401, {"code": INVALID_TOKEN,
                                 "message": "Access token is expired."})
        needed = _scope_for(request)
        if needed not in scopes:
            raise ApiError(400, {
                "code": MISSING_SCOPE, "message": "Invalid access token, "
                f"does not contain scopes:[{needed}]."})


def _form(request):
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    if kind != "application/x-www-form-urlencoded":
        return {}
    return parse_qs(request.body.decode(errors="replace"))


def _scope_for(request):
    if not request.path.endswith("/meetings") and "/users/" in request.path:
        return "user:read:admin"
    return ("meeting:read:admin" if request.method == "GET"
            else "meeting:write:admin")


def _oauth_error(error, reason):
    return ApiError(400, {"reason": reason, "error": error})
