"""Whether the settings of the account belong together; read before the apps are."""


def problem(
    *, account: str, token: str, key: str, secret: str, service: str, sender: str, public_url: str
) -> str:
    """What is wrong with a set of credentials, in a sentence; "" where nothing is."""
    if not account:
        if token or key or secret or service or sender:
            return "Set TWILIO_ACCOUNT_SID too, or leave out every TWILIO_ setting."
        return ""
    if bool(key) != bool(secret):
        return "TWILIO_API_KEY and TWILIO_API_SECRET belong together: set both or neither."
    if not token and not key:
        return "Set TWILIO_AUTH_TOKEN, or TWILIO_API_KEY with TWILIO_API_SECRET."
    if not service and not sender:
        return "Set TWILIO_MESSAGING_SERVICE_SID or TWILIO_SENDER."
    if service and sender:
        return "Set TWILIO_MESSAGING_SERVICE_SID or TWILIO_SENDER, not both."
    if public_url and not token:
        return "PUBLIC_URL needs TWILIO_AUTH_TOKEN: callbacks are signed with it."
    if public_url and not public_url.startswith(("https://", "http://")):
        return "PUBLIC_URL must be a whole address, such as https://desk.example.jp."
    return ""
