"""Who may call Zendesk: OAuth tokens by client credentials, API tokens."""

import base64
import secrets

from .http_service import Answer, ApiError

# The documented bounds of a token's life, both excluded.
SHORTEST_LIFE_S = 300
LONGEST_LIFE_S = 172800
DEFAULT_LIFE_S = 86400


class ZendeskAuth:
    """Credentials and tokens; mixed into the service."""

    def __init__(self, world):
        super().__init__(world)
        self.client_id = "emergency_client"
        self.client_secret = "client-" + secrets.token_hex(16)
        self.client_user = None
        self.api_token = "token-" + secrets.token_hex(16)
        self._tokens = {}

    # -- control API -------------------------------------------------------

    def set_client_user(self, user):
        """The user as whom the OAuth client acts."""
        with self.world.changed:
            self.client_user = user

    def revoke_tokens(self):
        """Ends all OAuth tokens given out so far."""
        with self.world.changed:
            self._tokens.clear()

    # -- serving -----------------------------------------------------------

    def create_token(self, request):
        """POST /oauth/tokens with grant_type client_credentials."""
        given = request.json if isinstance(request.json, dict) else {}
        if given.get("grant_type") != "client_credentials":
            raise _oauth_error(400, "unsupported_grant_type",
                               "The authorization grant type is not "
                               "supported by the authorization server.")
        if (given.get("client_id"), given.get("client_secret")) != (
                self.client_id, self.client_secret):
            raise _oauth_error(401, "invalid_client",
                               "Client authentication failed.")
        life_s = given.get("expires_in", DEFAULT_LIFE_S)
        if (type(life_s) is not int
                or not SHORTEST_LIFE_S < life_s < LONGEST_LIFE_S):
            raise _oauth_error(400, "invalid_request",
                               "expires_in is out of range.")
        scopes = str(given.get("scope", "")).split()
        if not scopes:
            raise _oauth_error(400, "invalid_scope",
                               "The requested scope is invalid.")
        token = secrets.token_hex(32)
        self._tokens[token] = (scopes, self.clock.ago(-life_s))
        return Answer(200, {
            "access_token": token, "token_type": "bearer",
            "scope": " ".join(scopes), "expires_in": life_s})

    def authorize(self, request):
        """Lets pass: the token request, and whom caller() knows."""
        if request.path != "/oauth/tokens":
            user = self.caller(request)
            if user["role"] == "end-user":
                raise ApiError(403, {"error": {
                    "title": "Forbidden", "message":
                    "You do not have access to this page. Please contact "
                    "the account owner of this help desk for further "
                    "help."}})

    def caller(self, request):
        """The user whom a request's credentials stand for."""
        kind, _, value = request.headers.get("Authorization",
                                             "").partition(" ")
        if kind == "Basic":
            return self._basic_user(value)
        scopes, end = self._tokens.get(value, ((), self.clock.now()))
        if kind != "Bearer" or end <= self.clock.now():
            raise _oauth_error(
                401, "invalid_token",
                "The access token provided is expired, revoked, malformed "
                "or invalid for other reasons.")
        if ("read" if request.method == "GET" else "write") not in scopes:
            raise _oauth_error(403, "insufficient_scope",
                               "Missing a required scope.")
        return self.client_user

    def _basic_user(self, encoded):
        try:
            name, _, token = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            name, token = "", ""
        for user in self.users.values():
            if name == user["email"] + "/token" and token == self.api_token:
                return user
        raise ApiError(401, {"error": "Couldn't authenticate you"},
                       {"WWW-Authenticate": 'Basic realm="Web Password"'})


def _oauth_error(status, error, description):
    return ApiError(status, {"error": error,
                             "error_description": description})
