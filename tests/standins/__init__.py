"""Stand-ins."""

from .cast import acme
from .http_service import Answer, RateLimit
from .world import Standins

__all__ = ["Answer", "RateLimit", "Standins", "acme"]
