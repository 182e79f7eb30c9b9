"""Flower's own settings: its `/metrics` asks for the login too; by itself it shows them to all."""

from flower.views.monitor import Metrics
from tornado.web import authenticated

Metrics.get = authenticated(Metrics.get)
