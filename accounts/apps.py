from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Importing them connects the hooks of allauth and registers the system checks.
        import accounts.sign_ins  # noqa: F401
        import config.checks  # noqa: F401
