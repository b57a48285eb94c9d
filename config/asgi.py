import os

from django.core.asgi import get_asgi_application

from config.limits import LimitedBody

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_asgi_application()


def _most() -> int:
    from django.conf import settings  # named just above

    largest: int = max(settings.MAX_UPLOAD_BYTES, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return largest + 1024 * 1024


application = LimitedBody(django_application, _most())
