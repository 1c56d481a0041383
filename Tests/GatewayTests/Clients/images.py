"""Drives the routing of pictures with the stock OpenAI SDK.

Usage: images.py GATEWAY_URL SIMULATOR_URL SCENARIO [PROVIDER/MODEL [PID]]
"""

import base64
import http.client
import io
import json
import sys
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import openai
from PIL import Image
from sdk import (
    chat, client, control, fault, gateway, join, join_if_streamed, picture_file, pictures, raises, wait
)

scenario = sys.argv[3]
first = sys.argv[4] if len(sys.argv) > 4 else ""
pid = sys.argv[5] if len(sys.argv) > 5 else ""


class Drawn:
    """Who drew, for how much, and who did not, as every part of an answer says alike."""

    def __init__(self, maker, cost, fallback, count=1, picture=None, is_new=True):
        self.maker, self.cost, self.fallback, self.count = maker, cost, fallback, count
        self.picture, self.is_new = picture, is_new

    def __repr__(self):
        return f"{self.maker} for {self.cost}, {self.count}, passed over {self.fallback}"


def generate(prompt="a fox", using=client, **options):
    """Draws through the images API; headers and body must agree."""
    raw = using.images.with_raw_response.generate(prompt=prompt, **options)
    answer = raw.parse()
    easel = answer.easel
    for picture in answer.data:
        Image.open(io.BytesIO(base64.b64decode(picture.b64_json))).verify()
    maker = f"{raw.headers['x-easel-provider']}/{raw.headers['x-easel-model']}"
    assert maker == f"{easel['provider']}/{easel['model']}"
    cost = raw.headers.get("x-easel-cost-usd")
    cost = None if cost is None else float(cost)
    # A repetition tells what its picture has cost, and costs nothing itself.
    is_new = cost != 0 or easel.get("cost_usd") == 0
    assert not is_new or cost == easel.get("cost_usd")
    fallback = [(entry["model"], entry["reason"]) for entry in easel["fallback"]]
    header = raw.headers.get("x-easel-fallback")
    assert header == (", ".join(f"{m};reason={r}" for m, r in fallback) or None), header
    return Drawn(maker, cost, fallback, len(answer.data), answer.data[0].b64_json, is_new)


def generate_streamed(prompt="a fox", using=client, **options):
    """Draws through the images API with `stream: true`."""
    events = list(using.images.generate(prompt=prompt, stream=True, **options))
    assert {event.type for event in events} == {"image_generation.completed"}
    for event in events:
        Image.open(io.BytesIO(base64.b64decode(event.b64_json))).verify()
    easel = events[0].easel
    fallback = [(entry["model"], entry["reason"]) for entry in easel["fallback"]]
    maker = f"{easel['provider']}/{easel['model']}"
    return Drawn(maker, easel.get("cost_usd"), fallback, len(events), events[0].b64_json)


def of_tool(entry, cost, count):
    fallback = [(passed["model"], passed["reason"]) for passed in entry["fallback"]]
    return Drawn(f"{entry['provider']}/{entry['model']}", cost, fallback, count)


def tool(text):
    """Draws through the tool of a chat."""
    message = chat(text).choices[0].message
    entries = message.easel["images"]
    assert len(pictures(message.content)) == len(entries) > 0, message.content
    return of_tool(entries[0], message.easel.get("cost_usd"), len(entries))


def tool_streamed(text):
    """Draws through the tool of a streamed chat, with its events."""
    answer, reasons, _, chunks = join(chat(text, stream=True, extra_body={"easel": {"events": True}}))
    assert reasons == ["stop"]
    events = [chunk.easel for chunk in chunks if getattr(chunk, "easel", None)]
    results = [event for event in events if event["type"] == "tool_call_result"]
    assert len(results) == 1 and len(pictures(answer)) == len(results[0]["images"]), events
    return of_tool(results[0], results[0].get("cost_usd"), len(results[0]["images"]))


def ways(prompt):
    """The same picture in every way that there is to ask for it."""
    return [
        lambda: generate(prompt),
        lambda: generate_streamed(prompt),
        lambda: tool(f"draw {prompt}"),
        lambda: tool_streamed(f"draw {prompt}"),
    ]


def test_choice():
    for way in ways("a photorealistic sunset"):
        drawn = way()
        assert drawn.maker == "openai/gpt-image-1" and drawn.cost == 0.167, drawn
        assert not drawn.fallback and drawn.count == 1, drawn
    for prompt, maker, cost in [
        ("a highly detailed sunset", "replicate/landscape", 0.04),
        ("an everyday sunset", "openai/dall-e-2", 0.016),
        ("a quick sketch of a sunset", "fireworks/flux-1-schnell-fp8", 0.0014),
        # Whole words: a photorealistically drawn sunset asks for no tier, so priority and then
        # price decide.
        ("a photorealistically lit sunset", "fireworks/flux-1-schnell-fp8", 0.0014),
        # The longer word wins.
        ("a photorealistic sunset as a quick sketch", "openai/gpt-image-1", 0.167),
    ]:
        for drawn in (generate(prompt), tool_streamed(f"draw {prompt}")):
            assert drawn.maker == maker and drawn.cost == cost, (prompt, drawn)
    for model, maker, cost in [
        ("ultra", "openai/gpt-image-1", 0.167),
        ("high", "replicate/landscape", 0.04),
        ("standard", "openai/dall-e-2", 0.016),
        ("fast", "fireworks/flux-1-schnell-fp8", 0.0014),
        ("auto", "fireworks/flux-1-schnell-fp8", 0.0014),
        ("flux-2-pro", "bfl/flux-2-pro", 0.045),
        ("together/black-forest-labs/FLUX.1-schnell", "together/black-forest-labs/FLUX.1-schnell", 0.0027),
    ]:
        drawn = generate(model=model, size="1024x1024")
        assert drawn.maker == maker and drawn.cost == cost, (model, drawn)
    # The name of a model beats words, a tier beats words, and a quality is a word of a tier.
    assert generate("a photorealistic sunset", model="dall-e-2").maker == "openai/dall-e-2"
    assert generate("a photorealistic sunset", model="high").maker == "replicate/landscape"
    assert generate("a sunset", quality="hd").maker == "replicate/landscape"
    low = generate("a photorealistic sunset", quality="low")
    assert low.maker == "openai/gpt-image-1" and low.cost == 0.011, low
    # Several pictures cost several times as much, in one call or in several.
    several = generate("a quick sketch", n=3)
    assert several.count == 3 and several.cost == 0.0042, several
    several = generate("a highly detailed sunset", n=3)
    assert several.count == 3 and several.cost == 0.12, several
    error = raises(openai.BadRequestError, lambda: generate(model="nobody/nothing"))
    assert error.code == "model_not_found" and "openai/gpt-image-1" in error.message, error


# How a provider can be down, and the class that it is told by.
DOWN = {
    "500": ({"status": 500, "body": '{"error":{"message":"boom"}}'}, "overloaded"),
    "503": ({"status": 503, "body": "<html>down</html>"}, "overloaded"),
    "reset": ({"reset_after": 1000}, "unreachable"),
    "cut": ({"cut_after": 1000}, "malformed"),
    "401": (
        {"status": 401, "body": '{"error":{"message":"Incorrect API key provided: canary-openai"}}'},
        "bad_key",
    ),
    "429": ({"status": 429, "body": '{"error":{"message":"slow down"}}', "retry_after": "7"}, "rate_limited"),
}


def test_down():
    """The first model fails in every way there is: within the same request the next one draws."""
    for members, reason in DOWN.values():
        next_draws(members, reason)
    # Two down, in two ways: the third draws.
    fault("images", **DOWN["429"][0])
    fault("gemini", **DOWN["503"][0])
    drawn = generate("a photorealistic sunset")
    assert drawn.maker == "stability/stable-image-ultra" and drawn.cost == 0.08, drawn
    assert drawn.fallback == [
        ("openai/gpt-image-1", "rate_limited"),
        ("gemini/gemini-3-pro-image", "overloaded"),
    ], drawn
    # A tier that is down as a whole is left for the next one.
    for route in ("images", "gemini", "stability"):
        fault(route, status=503)
    assert generate(model="ultra").maker == "replicate/landscape"
    # A model that was asked for by name is the only one that is asked.
    fault("images", **DOWN["503"][0])
    before = counts()
    error = raises(openai.InternalServerError, lambda: generate(model="openai/dall-e-2"))
    assert "openai" in error.message and counts() == before, error
    assert "x-easel-fallback" not in error.response.headers


def next_draws(members, reason):
    for way in ways("a photorealistic sunset"):
        fault("images", **members)
        drawn = way()
        assert drawn.maker == "gemini/gemini-3-pro-image" and drawn.cost == 0.134, (members, drawn)
        assert drawn.fallback == [("openai/gpt-image-1", reason)], (members, drawn)


def test_bad_key():
    """A wrong key that comes as the user's fault is the gateway's: the next one draws."""
    wrong = json.dumps({"code": "Client specified an invalid argument", "error": "Incorrect API key provided: sk***gA."})
    for way in ways("a fox"):
        fault("xai", status=400, body=wrong)
        drawn = way()
        assert drawn.maker.startswith("together/") and drawn.fallback == [(first, "bad_key")], drawn
    fault("xai", status=400, body=wrong)
    error = raises(openai.InternalServerError, lambda: generate(model=first))
    assert error.code == "bad_key" and "sk***" not in error.message, error


def test_hang():
    """The first model never answers; its time in the catalog is short."""
    next_draws({"hang": True}, "timed_out")


def counts():
    """Jobs that were accepted, by provider."""
    jobs = control("GET", "/simulator/state")["jobs"]
    return {name: entry["accepted"] for name, entry in jobs.items() if entry["accepted"]}



# Every model of the catalog, with what the simulator calls the request that it is drawn by.
MODELS = {
    "openai/gpt-image-1": "images",
    "openai/dall-e-2": "images",
    "gemini/gemini-3-pro-image": "gemini",
    "stability/stable-image-ultra": "stability",
    "replicate/landscape": "replicate",
    "fal/meadow": "fal",
    "bfl/flux-2-pro": "bfl",
    "imagen/imagen-4.0-generate-001": "imagen",
    "azure/gpt-image-azure": "azure",
    "leonardo/phoenix": "leonardo",
    "openrouter/google/gemini-2.5-flash-image": "openrouter",
    "fireworks/flux-1-schnell-fp8": "fireworks",
    "fireworks/flux-kontext-pro": "fireworks",
    "together/black-forest-labs/FLUX.1-schnell": "together",
    "xai/grok-imagine-image": "xai",
    "automatic1111/stable-diffusion": "automatic1111",
    "comfyui/sdxl": "comfyui",
}


def test_all_down():
    """One error that names everybody and why, in the SDK's own exception type."""
    prompt = "a photorealistic sunset"

    def everybody(**members):
        for route in MODELS.values():
            fault(route, **members)

    for status, kind, shown, reason in [
        (503, openai.InternalServerError, 503, "overloaded"),
        (429, openai.RateLimitError, 429, "rate_limited"),
        (401, openai.InternalServerError, 502, "bad_key"),
    ]:
        for call in (lambda: generate(prompt), lambda: generate_streamed(prompt)):
            everybody(status=status, retry_after="7", body='{"error":{"message":"canary-key"}}')
            error = raises(kind, call)
            assert error.status_code == shown and "canary" not in error.message, error
            assert (error.response.headers.get("retry-after") == "7") == (status != 401), error
            for model in MODELS:
                assert f"{model}: {reason}" in error.message, (model, error.message)
            passed = error.response.headers["x-easel-fallback"].split(", ")
            assert sorted(passed) == sorted(f"{m};reason={reason}" for m in MODELS), passed
        for text in (
            lambda: chat("draw " + prompt).choices[0].message.content,
            lambda: join(chat("draw " + prompt, stream=True))[0],
        ):
            everybody(status=status, body='{"error":{"message":"canary-key"}}')
            told = text()
            assert "could not be made" in told and "canary" not in told, told
            # The simulated model repeats what it was told, as far as 300 characters.
            assert f"openai/gpt-image-1: {reason}" in told, told
    assert not counts()
    # Where nobody knows whether the first two were paid for, no third is asked, and it is said.
    everybody(status=500, accepts=True)
    error = raises(openai.InternalServerError, lambda: generate(prompt))
    for model in ("openai/gpt-image-1", "gemini/gemini-3-pro-image"):
        assert f"{model}: overloaded" in error.message, error.message
    assert "15 more were not asked" in error.message, error.message
    assert counts() == {"openai": 1, "gemini": 1}, counts()


# Prompts that a provider refuses, each in another of its ways: before it draws or after, by a
# status, or within a 200.
REFUSED = {
    "openai": ["a forbidden fox"],
    "gemini": ["a forbidden fox"],
    "stability": ["a forbidden fox", "a blurred fox"],
    "replicate": ["a forbidden fox"],
    "fal": ["a forbidden fox", "a naked fox, all of it"],
    "bfl": ["a forbidden fox", "a naked fox"],
    "imagen": ["a forbidden fox"],
    "azure": ["a forbidden fox"],
    "leonardo": ["a forbidden fox", "a naked fox, all of it"],
    "openrouter": ["a forbidden fox", "a withheld fox"],
    "fireworks": ["a forbidden fox"],
    "together": ["a forbidden fox"],
    "xai": ["a forbidden fox", "a naked fox"],
}
provider = first.partition("/")[0]


def asked():
    """The requests for pictures, by what the simulator calls them."""
    routes = [entry["route"] for entry in control("GET", "/simulator/requests")]
    return [route for route in routes if route not in ("chat", "files") and "." not in route]


def test_refused():
    """The user's own fault is told as such, and nobody else is asked."""
    for prompt in REFUSED[provider]:
        for call in (lambda: generate(prompt), lambda: generate_streamed(prompt)):
            control("DELETE", "/simulator/requests")
            error = raises(openai.BadRequestError, call)
            assert error.type == "image_generation_user_error" and error.code, error
            assert provider in error.message, error
            assert asked() == [MODELS[first]], asked()
        for text in (
            lambda: chat("draw " + prompt).choices[0].message.content,
            lambda: join(chat("draw " + prompt, stream=True))[0],
        ):
            control("DELETE", "/simulator/requests")
            told = text()
            assert "I may not draw that" in told and provider in told, told
            assert asked() == [MODELS[first]], asked()


MEBIBYTE = 1 << 20
# What goes wrong with the request that is paid for, and how many jobs the provider accepts: one
# where it has begun, or may have, and none where it says that it has not.
SUBMIT = {
    "delay": ({"delay_ms": 50}, 1),
    "500 after it began": ({"status": 500, "accepts": True}, 1),
    "502 after it began": ({"status": 502, "accepts": True}, 1),
    "504 after it began": ({"status": 504, "accepts": True}, 1),
    "408 after it began": ({"status": 408, "accepts": True}, 1),
    "503": ({"status": 503}, 0),
    "429": ({"status": 429, "retry_after": "7"}, 0),
    "401": ({"status": 401}, 0),
    "402": ({"status": 402}, 0),
    "404": ({"status": 404}, 0),
    "reset at once": ({"reset_after": 0}, 1),
    "reset within": ({"reset_after": 10}, 1),
    "cut at once": ({"cut_after": 0}, 1),
    "cut within": ({"cut_after": 10}, 1),
    "no JSON": ({"status": 200, "body": "<html>", "accepts": True}, 1),
    "empty JSON": ({"status": 200, "body": "{}", "accepts": True}, 1),
    "10 MB of garbage": ({"giant_bytes": 10 * MEBIBYTE, "accepts": True}, 1),
}
# What goes wrong with a question about a job that is paid for, or with fetching its picture: the job
# is not begun again for it.
QUESTION = {
    "delay": {"delay_ms": 50},
    "500": {"status": 500},
    "502": {"status": 502, "body": "<html>"},
    "503": {"status": 503},
    "504": {"status": 504},
    "429": {"status": 429},
    "reset at once": {"reset_after": 0},
    "reset within": {"reset_after": 10},
    "cut at once": {"cut_after": 0},
    "cut within": {"cut_after": 10},
    "no JSON": {"status": 200, "body": "<html>"},
    "empty JSON": {"status": 200, "body": "{}"},
    "10 MB of garbage": {"giant_bytes": 10 * MEBIBYTE},
}
# The further requests of a picture that is drawn by a job.
QUESTIONS = {
    "replicate/landscape": ["replicate.poll", "files"],
    "fal/meadow": ["fal.poll", "fal.result", "files"],
    "bfl/flux-2-pro": ["bfl.poll", "files"],
    "leonardo/phoenix": ["leonardo.poll", "files"],
    "fireworks/flux-kontext-pro": ["fireworks.poll", "files"],
    "comfyui/sdxl": ["comfyui.poll", "comfyui.view"],
}
# Those that can be told to stop.
CANCELLED = ["replicate/landscape", "fal/meadow", "comfyui/sdxl"]
SPARE = "together" if provider != "together" else "leonardo"


def small(**options):
    return generate(size="256x256", **options)


def paid(name, jobs):
    """Nobody was paid twice for a picture, and no two further ones were."""
    found = counts()
    assert found == {key: count for key, count in jobs.items() if count}, (name, found)


def test_paid():
    """A fault of every kind at every request: who accepted jobs?"""
    for name, (members, accepted) in SUBMIT.items():
        if name == "empty JSON" and provider == "imagen":
            continue  # How Imagen says that all pictures were held back.
        control("DELETE", "/simulator/requests")
        fault(MODELS[first], **members)
        drawn = small()
        is_first = name == "delay"
        assert (drawn.maker == first) == is_first and len(drawn.fallback) == 1 - is_first, drawn
        # A provider's other model may draw what its first one surely has not.
        other = SPARE if accepted else drawn.maker.partition("/")[0]
        paid(name, {provider: 1} if is_first else {provider: accepted, other: 1})
        assert len(asked()) == 2 - is_first, asked()
    for route in QUESTIONS.get(first, []):
        for name, members in QUESTION.items():
            control("DELETE", "/simulator/requests")
            fault(route, **members)
            drawn = small()
            assert drawn.maker == first and not drawn.fallback, (route, name, drawn)
            paid((route, name), {provider: 1})
    # Two that may have been paid are one risk, and the last one; the SDK must not take another.
    for way in range(2):
        control("DELETE", "/simulator/requests")
        fault(MODELS[first], status=500, accepts=True)
        fault(SPARE, reset_after=0)
        stubborn = client.with_options(max_retries=2)
        if way == 0:
            error = raises(openai.APIStatusError, lambda: small(using=stubborn))
            assert "not asked" in error.message and first in error.message, error
        else:
            told = chat("draw a fox").choices[0].message.content
            assert "could not be made" in told, told
        paid("two", {provider: 1, SPARE: 1})
        assert len(asked()) == 2, asked()


def test_paid_hang():
    """The same for a provider that never answers; its time in the catalog is short."""
    control("DELETE", "/simulator/requests")
    fault(MODELS[first], hang=True, accepts=True)
    drawn = small()
    assert drawn.maker.startswith(SPARE) and drawn.fallback == [(first, "timed_out")], drawn
    paid("hang", {provider: 1, SPARE: 1})
    for route in QUESTIONS.get(first, []):
        control("DELETE", "/simulator/requests")
        fault(route, hang=True)
        small()
        found = counts()
        assert found in ({provider: 1}, {provider: 1, SPARE: 1}), (route, found)
        jobs = control("GET", "/simulator/state")["jobs"][provider]
        if first in CANCELLED and route.endswith(".poll"):
            assert wait(lambda: control("GET", "/simulator/state")["jobs"][provider]["cancelled"] == 1)


def job_counts():
    jobs = control("GET", "/simulator/state")["jobs"].get(provider, {})
    return jobs.get("accepted", 0), jobs.get("cancelled", 0)


def test_leave():
    """A client that leaves while its job is polled has it cancelled, and nobody else is asked."""
    prompt = "a fox slowly" if provider == "comfyui" else "an endless fox"
    short = client.with_options(timeout=1.0)
    messages = [{"role": "user", "content": f"draw {prompt}"}]
    for call in (
        lambda: generate(prompt, using=short),
        lambda: generate_streamed(prompt, using=short),
        lambda: short.chat.completions.create(model="gpt-4o", messages=messages),
        lambda: short.chat.completions.create(model="gpt-4o", messages=messages, stream=True),
    ):
        control("DELETE", "/simulator/requests")
        raises(openai.APITimeoutError, lambda: join_if_streamed(call()))
        assert wait(lambda: job_counts() == (1, 1)), job_counts()
        assert wait(lambda: control("GET", "/simulator/state")["open"] == 0)
        paid("leave", {provider: 1})


def test_retry():
    """The SDK gives up on an answer that takes long, and gets its picture by asking again."""
    hasty = client.with_options(timeout=1.5, max_retries=2)
    for way in (generate, generate_streamed):
        control("DELETE", "/simulator/requests")
        fault(MODELS[first], delay_ms=1800, accepts=True)
        drawn = way(f"a fox by {way.__name__}", using=hasty, size="256x256")
        assert drawn.maker == first and not drawn.fallback, drawn
        if first in CANCELLED:
            # The job of the first try was cancelled, so that a second one is no second payment.
            assert wait(lambda: job_counts() in ((2, 1), (3, 2))), job_counts()
        else:
            assert way is generate_streamed or not drawn.is_new, drawn
            assert len(asked()) == 1, asked()
            paid(way.__name__, {provider: 1})
    if first == "openai/gpt-image-1":
        # Each try of a form has another boundary, and is the same request all the same.
        control("DELETE", "/simulator/requests")
        fault(MODELS[first], delay_ms=1800, accepts=True)
        picture = picture_file((64, 64))
        raw = hasty.images.with_raw_response.edit(image=picture, prompt="a hat", model=first)
        assert len(asked()) == 1, asked()
        paid("edit", {provider: 1})
        assert float(raw.headers["x-easel-cost-usd"]) == 0, raw.headers
        # Another picture is another request.
        picture = picture_file((64, 32))
        retry = {"x-stainless-retry-count": "1"}
        client.images.edit(image=picture, prompt="a hat", model=first, extra_headers=retry)
        paid("another picture", {provider: 2})


def test_partials():
    """Unfinished pictures on the way, in the SDK's own types, and the finished one at the end."""
    from openai.types import ImageGenCompletedEvent, ImageGenPartialImageEvent

    def stream(count, **options):
        return list(client.images.generate(prompt="a fox", stream=True, partial_images=count, **options))

    for count in (0, 1, 3):
        control("DELETE", "/simulator/requests")
        events = stream(count, model=first)
        *partial, last = events
        assert [type(event) for event in partial] == [ImageGenPartialImageEvent] * count, events
        assert [event.type for event in partial] == ["image_generation.partial_image"] * count
        assert [event.partial_image_index for event in partial] == list(range(count))
        assert type(last) is ImageGenCompletedEvent and last.type == "image_generation.completed"
        for event in events:
            picture = Image.open(io.BytesIO(base64.b64decode(event.b64_json)))
            picture.verify()
            assert event.size == "x".join(map(str, picture.size)) and event.output_format == "png"
            assert event.created_at > 1.7e9
        assert len({event.b64_json for event in events}) == count + 1
        assert last.usage.total_tokens == 100 and last.easel["cost_usd"] == 0.167, last.easel
        paid("partials", {provider: 1})
    # One that shows none sends the finished picture alone; so does the next one after a failure.
    events = stream(2, model="together/black-forest-labs/FLUX.1-schnell")
    assert [event.type for event in events] == ["image_generation.completed"], events
    noted = events[0].easel["adjusted"]
    assert noted == ["partial_images: black-forest-labs/FLUX.1-schnell shows none"], noted
    events = stream(2, model=first, n=2)
    assert [event.type for event in events] == ["image_generation.completed"] * 2, events
    noted = events[0].easel["adjusted"]
    assert noted == ["partial_images: shown of a single picture only"], noted
    fault(MODELS[first], status=503)
    events = stream(2)
    assert [event.type for event in events] == ["image_generation.completed"], events
    assert events[0].easel["fallback"] == [{"model": first, "reason": "overloaded"}], events[0].easel


def test_idempotent():
    """The same key is the same picture, however often and at whatever time it is asked for."""
    def draw(key, prompt="a fox", using=client):
        return small(prompt=prompt, using=using, extra_headers={"idempotency-key": key})

    fault(MODELS[first], delay_ms=300)
    with ThreadPoolExecutor(20) as pool:
        drawn = list(pool.map(lambda _: draw("one"), range(20)))
    assert len({entry.picture for entry in drawn}) == 1
    assert [entry.is_new for entry in drawn].count(True) == 1
    paid("parallel", {provider: 1})
    again = draw("one")
    assert not again.is_new and again.picture == drawn[0].picture
    paid("later", {provider: 1})
    error = raises(openai.UnprocessableEntityError, lambda: draw("one", prompt="a hare"))
    assert error.code == "idempotency_key_reused", error
    paid("another body", {provider: 1})
    # Another key, or another client's, is another picture.
    stranger = openai.OpenAI(base_url=gateway + "/v1", api_key="another", max_retries=0)
    assert draw("two").is_new and draw("one", using=stranger).is_new
    paid("others", {provider: 3})
    # What fails is not remembered.
    fault(MODELS[first], status=400, body='{"error":{"message":"no"}}')
    raises(openai.BadRequestError, lambda: draw("three"))
    assert draw("three").is_new


def test_abandoned():
    """Where the first client of a key leaves, those that wait for its picture still get one."""
    control("DELETE", "/simulator/requests")
    fault("replicate.poll", hang=True)
    key = {"idempotency-key": "left"}
    with ThreadPoolExecutor(4) as pool:
        left = pool.submit(
            raises,
            openai.APITimeoutError,
            lambda: small(using=client.with_options(timeout=2.0), extra_headers=key),
        )
        assert wait(lambda: "replicate.poll" in {r["route"] for r in control("GET", "/simulator/requests")})
        drawn = list(pool.map(lambda _: small(extra_headers=key), range(3)))
        left.result()
    assert len({entry.picture for entry in drawn}) == 1 and drawn[0].maker == first, drawn
    assert wait(lambda: job_counts() == (2, 1)), job_counts()


def test_rest():
    """Where a client leaves while some of its pictures are made, a repetition has the rest made, once."""
    body = json.dumps({"model": first, "prompt": "a fox", "n": 5})
    headers = {
        "content-type": "application/json", "authorization": "Bearer canary", "idempotency-key": "rest"
    }

    def send():
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(gateway).netloc)
        connection.request("POST", "/v1/images/generations", body, headers)
        return connection

    def routes():
        return [request["route"] for request in control("GET", "/simulator/requests")]

    fault("replicate.poll", hang=True)
    connection = send()
    assert wait(lambda: "files" in routes()), routes()
    connection.close()
    assert wait(lambda: job_counts() == (2, 1)), job_counts()
    for is_first in (True, False):
        with ThreadPoolExecutor(3) as pool:
            answers = list(pool.map(lambda _: send().getresponse(), range(3)))
        texts = [json.loads(answer.read()) for answer in answers]
        assert [answer.status for answer in answers] == [200] * 3, texts
        assert {len(text["data"]) for text in texts} == {5}
        assert len({text["data"][0]["b64_json"] for text in texts}) == 1
        assert all(not text["easel"]["adjusted"] and not text["easel"]["fallback"] for text in texts)
        costs = sorted(float(answer.getheader("x-easel-cost-usd")) for answer in answers)
        assert costs[:2] == [0, 0] and (costs[2] > 0) == is_first, costs
        assert costs[2] < texts[0]["easel"]["cost_usd"], (costs, texts[0]["easel"])
        assert job_counts() == (3, 1), job_counts()


def metadata(answer):
    """What is kept beside each picture of an answer; the image's own size and time are as they are."""
    entries = []
    for id in answer.easel["images"]:
        with urllib.request.urlopen(f"{gateway}/v1/images/{id}/metadata", timeout=60) as reply:
            assert reply.headers["content-type"].startswith("application/json")
            entry = json.loads(reply.read())
        assert entry.pop("format") == "png" and entry.pop("created") > 1.7e9, entry
        assert "x" in entry.pop("size"), entry
        entries.append(entry)
    return entries


def test_metadata():
    """Beside each picture stands what it was drawn from, by whom, for how much."""
    draw = client.images.generate
    # A revised prompt, as xAI has it, and a seed that the model does not take.
    bytes = io.BytesIO()
    Image.new("RGB", (8, 8)).save(bytes, "PNG")
    picture = {"b64_json": base64.b64encode(bytes.getvalue()).decode(), "revised_prompt": "a red fox"}
    fault("xai", status=200, body=json.dumps({"data": [picture]}))
    xai = "xai/grok-imagine-image"
    answer = draw(prompt="a fox", model=xai, extra_body={"seed": 7}, user="me")
    entry = {"provider": "xai", "model": "grok-imagine-image", "cost_usd": 0.02}
    assert metadata(answer) == [{"prompt": "a fox", "revised_prompt": "a red fox", **entry}]
    noted = [note.split(":")[0] for note in answer.easel["adjusted"]]
    assert noted == ["seed", "user"], answer.easel
    # A seed that the provider does not tell is the one that it was sent, of one picture alone.
    together = "together/black-forest-labs/FLUX.1-schnell"
    entry = {"prompt": "a fox", "provider": "together", "model": together.partition("/")[2]}
    answer = draw(prompt="a fox", model=together, extra_body={"seed": 7})
    assert metadata(answer) == [{**entry, "cost_usd": 0.0027, "seed": 7}], metadata(answer)
    answer = draw(prompt="a fox", model=together, n=2, extra_body={"seed": 7})
    assert metadata(answer) == [{**entry, "cost_usd": 0.0027}] * 2, metadata(answer)
    # Costs are rounded once, where they are shown.
    fireworks = {"prompt": "a fox", "model": "fireworks/flux-1-schnell-fp8"}
    answer = draw(**fireworks, n=10, extra_body={"steps": 1})
    assert answer.easel["cost_usd"] == 0.0035, answer.easel
    assert {entry["cost_usd"] for entry in metadata(answer)} == {0.0004}
    # Of two pictures one is drawn by another model.
    fault("gemini", status=503)
    answer = draw(prompt="a fox", model="ultra", n=2)
    assert answer.easel["cost_usd"] == 0.301, answer.easel
    drawn = sorted((entry["provider"], entry["model"], entry["cost_usd"]) for entry in metadata(answer))
    assert drawn == [("gemini", "gemini-3-pro-image", 0.134), ("openai", "gpt-image-1", 0.167)], drawn


if __name__ == "__main__":
    control("DELETE", "/simulator/requests")
    globals()["test_" + scenario]()
