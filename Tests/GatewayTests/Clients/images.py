"""Drives the routing of pictures with the stock OpenAI SDK.

Usage: images.py GATEWAY_URL SIMULATOR_URL SCENARIO [PROVIDER/MODEL [PID]]
"""

import base64
import io
import sys

import openai
from PIL import Image
from sdk import chat, client, control, fault, join, pictures, raises, wait

scenario = sys.argv[3]
first = sys.argv[4] if len(sys.argv) > 4 else ""
pid = sys.argv[5] if len(sys.argv) > 5 else ""


class Drawn:
    """Who drew, for how much, and who did not, as every part of an answer says alike."""

    def __init__(self, maker, cost, fallback, count=1):
        self.maker, self.cost, self.fallback, self.count = maker, cost, fallback, count

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
    assert cost == easel.get("cost_usd")
    fallback = [(entry["model"], entry["reason"]) for entry in easel["fallback"]]
    header = raw.headers.get("x-easel-fallback")
    assert header == (", ".join(f"{m};reason={r}" for m, r in fallback) or None), header
    return Drawn(maker, cost, fallback, len(answer.data))


def generate_streamed(prompt="a fox", **options):
    """Draws through the images API with `stream: true`."""
    events = list(client.images.generate(prompt=prompt, stream=True, **options))
    assert {event.type for event in events} == {"image_generation.completed"}
    for event in events:
        Image.open(io.BytesIO(base64.b64decode(event.b64_json))).verify()
    easel = events[0].easel
    fallback = [(entry["model"], entry["reason"]) for entry in easel["fallback"]]
    maker = f"{easel['provider']}/{easel['model']}"
    return Drawn(maker, easel.get("cost_usd"), fallback, len(events))


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
        for way in ways(prompt):
            drawn = way()
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


if __name__ == "__main__":
    control("DELETE", "/simulator/requests")
    globals()["test_" + scenario]()
