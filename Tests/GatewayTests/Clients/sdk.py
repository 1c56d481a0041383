"""Drives a running gateway with the stock OpenAI SDK.

Usage: sdk.py GATEWAY_URL SIMULATOR_URL SCENARIO
"""

import io
import json
import re
import sys
import time
import urllib.request

import openai
from PIL import Image

gateway, simulator, scenario = sys.argv[1:4]
client = openai.OpenAI(base_url=gateway + "/v1", api_key="sk-client-canary", max_retries=0)
weather = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(simulator + path, data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def fault(route, **members):
    control("POST", "/simulator/faults", {"route": route, **members})


def received(route):
    requests = control("GET", "/simulator/requests")
    return [json.loads(r["body"]) for r in requests if r["route"] == route]


def chat(text, **options):
    return client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": text}], **options
    )


def streamed(text, **options):
    """The joined answer of a stream: text, finish reasons, client calls, chunks."""
    return join(chat(text, stream=True, **options))


def join(stream):
    text, reasons, calls, chunks = "", [], {}, []
    for chunk in stream:
        chunks.append(chunk)
        for choice in chunk.choices:
            text += choice.delta.content or ""
            if choice.finish_reason:
                reasons.append(choice.finish_reason)
            for call in choice.delta.tool_calls or []:
                entry = calls.setdefault(call.index, {"id": "", "name": "", "arguments": ""})
                entry["id"] += call.id or ""
                entry["name"] += call.function.name or ""
                entry["arguments"] += call.function.arguments or ""
    return text, reasons, calls, chunks


def pictures(text):
    urls = re.findall(r"!\[[^\]]*\]\((\S+?)\)", text)
    for url in urls:
        with urllib.request.urlopen(url, timeout=10) as answer:
            Image.open(io.BytesIO(answer.read())).verify()
    return urls


def wait(condition):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_plain():
    answer = chat("hello")
    assert answer.choices[0].message.content.startswith("You said: hello")
    assert answer.usage.total_tokens > 0
    text, reasons, calls, chunks = streamed("hello")
    assert text == answer.choices[0].message.content and reasons == ["stop"] and not calls
    assert len({chunk.id for chunk in chunks}) == 1
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    )
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-easel-provider"] and raw.headers["x-easel-model"] == "gpt-4o"
    twice = {"extra_body": {"Model": "gpt-5"}}
    assert raises(openai.BadRequestError, lambda: chat("hi", **twice)).param == "model"


def test_picture():
    for answer in (chat("draw a fox").choices[0].message.content, streamed("draw a fox")[0]):
        assert answer.startswith("One moment")
        assert len(pictures(answer)) == 1
        assert "Here is your picture of a fox" in answer
    text, reasons, calls, chunks = streamed(
        "draw two pictures of a fox", stream_options={"include_usage": True}
    )
    assert len(pictures(text)) == 2 and reasons == ["stop"] and not calls
    assert len({chunk.id for chunk in chunks}) == 1
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert len(usages) == 1 and usages[0].total_tokens > usages[0].completion_tokens > 0


def test_outputs():
    message = chat("draw a fox", extra_body={"easel": {"image_output": "images"}}).choices[0].message
    assert not pictures(message.content) and len(message.images) == 1
    assert message.easel["images"][0]["provider"] == "simulated"
    message = chat("draw a fox", extra_body={"modalities": ["text", "image"]}).choices[0].message
    assert len(message.images) == 1
    text, _, _, _ = streamed("draw a fox", extra_headers={"x-easel-image-tool": "off"})
    assert not pictures(text)
    _, _, _, chunks = streamed("draw a fox", extra_body={"easel": {"events": True}})
    events = [chunk.easel["type"] for chunk in chunks if getattr(chunk, "easel", None)]
    assert events == ["tool_call_start", "tool_call_result"], events


def test_client_tools():
    _, reasons, calls, _ = streamed("what is the weather in Paris?", tools=[weather])
    assert reasons == ["tool_calls"] and list(calls) == [0]
    assert calls[0]["name"] == "get_weather" and json.loads(calls[0]["arguments"])["city"]
    answer = chat("what is the weather in Paris?", tools=[weather]).choices[0]
    assert answer.finish_reason == "tool_calls"
    assert answer.message.tool_calls[0].function.name == "get_weather"


def test_mixed_tools():
    question = "draw a picture of the weather in Paris"
    text, reasons, calls, _ = streamed(question, tools=[weather])
    assert len(pictures(text)) == 1 and reasons == ["tool_calls"]
    assert list(calls) == [0] and calls[0]["name"] == "get_weather"
    follow_up(question, text, calls[0])
    choice = chat(question, tools=[weather]).choices[0]
    assert choice.finish_reason == "tool_calls" and len(pictures(choice.message.content)) == 1
    call = choice.message.tool_calls[0]
    assert len(choice.message.tool_calls) == 1 and call.function.name == "get_weather"
    follow_up(
        question,
        choice.message.content,
        {"id": call.id, "name": call.function.name, "arguments": call.function.arguments},
    )


def follow_up(question, text, call):
    """The client comes back with its result; the simulator refuses incomplete conversations."""
    function = {"name": call["name"], "arguments": call["arguments"]}
    answer = client.chat.completions.create(
        model="gpt-4o",
        tools=[weather],
        messages=[
            {"role": "user", "content": question},
            {
                "role": "assistant",
                "content": text,
                "tool_calls": [{"id": call["id"], "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": call["id"], "content": "sunny"},
        ],
    )
    assert "sunny" in answer.choices[0].message.content
    turn = received("chat")[-1]["messages"][1]
    assert {entry["function"]["name"] for entry in turn["tool_calls"]} == {
        "get_weather",
        "generate_image",
    }


def test_images():
    answer = client.images.generate(prompt="a fox", model="gpt-image-1", size="1536x1024")
    import base64

    picture = Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))
    assert picture.size == (1536, 1024)
    answer = client.images.generate(prompt="a fox", model="dall-e-3", response_format="url", n=2)
    assert len(answer.data) == 2 and answer.data[0].revised_prompt
    with urllib.request.urlopen(answer.data[0].url, timeout=10) as response:
        assert Image.open(io.BytesIO(response.read())).size == (1024, 1024)
        tag = response.headers["etag"]
    request = urllib.request.Request(answer.data[0].url, headers={"range": "bytes=0-7"})
    with urllib.request.urlopen(request, timeout=10) as response:
        assert response.status == 206 and response.read() == b"\x89PNG\r\n\x1a\n"
    request = urllib.request.Request(answer.data[0].url, headers={"if-none-match": tag})
    try:
        urllib.request.urlopen(request, timeout=10)
        assert False
    except urllib.error.HTTPError as error:
        assert error.code == 304
    raises(openai.NotFoundError, lambda: client.get("/images/img_0", cast_to=object))
    error = raises(openai.BadRequestError, lambda: client.images.generate(prompt="forbidden"))
    assert error.code == "moderation_blocked"
    events = list(client.images.generate(prompt="a fox", model="dall-e-3", stream=True))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert Image.open(io.BytesIO(base64.b64decode(events[0].b64_json))).size == (1024, 1024)
    error = raises(openai.BadRequestError, lambda: client.images.generate(prompt="x", n=99))
    assert error.param == "n"


def test_fallback():
    fault("images", status=500, body='{"error":{"message":"boom"}}')
    raw = client.images.with_raw_response.generate(prompt="a fox")
    assert raw.headers["x-easel-model"] == "dall-e-3"
    assert "gpt-image-1" in raw.headers["x-easel-fallback"]
    # A refusal is not shopped around, and the model is told why.
    control("DELETE", "/simulator/requests")
    text, reasons, _, _ = streamed("draw a forbidden fox")
    assert "I may not draw that" in text and reasons == ["stop"] and not pictures(text)
    assert len(received("images")) == 1
    fault("images", status=500)
    fault("images", status=503)
    text = chat("draw a fox").choices[0].message.content
    assert "could not be made" in text


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind} was not raised")


def test_errors():
    fault("chat", status=429, body='{"error":{"message":"slow","type":"t","code":"c"}}', retry_after="7")
    error = raises(openai.RateLimitError, lambda: chat("hi"))
    assert error.code == "c" and error.response.headers["retry-after"] == "7"
    fault("chat", status=401, body='{"error":{"message":"key"}}')
    raises(openai.AuthenticationError, lambda: streamed("hi"))
    fault("chat", status=500, body="<html>", content_type="text/html")
    raises(openai.InternalServerError, lambda: chat("hi"))
    raises(openai.BadRequestError, lambda: chat("hi", extra_body={"easel": {"nonsense": 1}}))
    raises(openai.NotFoundError, lambda: client.get("/nothing", cast_to=object))
    fault("chat", reset_after=0)
    raises(openai.InternalServerError, lambda: chat("hi"))
    fault("chat", cut_after=300)
    raises(openai.APIError, lambda: streamed("hello"))
    fault("chat", reset_after=300)
    raises(openai.APIError, lambda: streamed("hello"))
    fault("chat", replay='data: {"error":{"message":"no","code":429}}\n\n')
    raises(openai.RateLimitError, lambda: streamed("hello"))


def test_splits():
    whole = streamed("draw a fox")[0]
    fault("chat", split=True)
    fault("chat", split=True)
    split = streamed("draw a fox")[0]
    assert re.sub(r"img_\w+", "", split) == re.sub(r"img_\w+", "", whole)


def test_cancellation():
    fault("chat", pace_ms=20)
    before = control("GET", "/simulator/state")["client_left"]
    stream = chat("tell me 100000 words", stream=True)
    next(iter(stream))
    stream.close()
    start = time.monotonic()
    assert wait(lambda: control("GET", "/simulator/state")["client_left"] == before + 1)
    assert time.monotonic() - start < 1.0
    # The same while a picture is being drawn, and without streaming.
    for options in ({"stream": True}, {}):
        fault("images", hang=True)
        short = client.with_options(timeout=1.0)
        raises(
            openai.APITimeoutError,
            lambda: join_if_streamed(
                short.chat.completions.create(
                    model="gpt-4o", messages=[{"role": "user", "content": "draw a fox"}], **options
                )
            ),
        )
        assert wait(lambda: control("GET", "/simulator/state")["open"] == 0)


def join_if_streamed(answer):
    return join(answer) if isinstance(answer, openai.Stream) else answer


def test_confirm():
    options = {"extra_body": {"easel": {"image_tool": "confirm"}}}
    text, reasons, calls, chunks = streamed("draw a fox", **options)
    assert not pictures(text) and reasons == ["stop"] and not calls and not received("images")
    offers = [chunk.easel["imageGenerations"] for chunk in chunks if getattr(chunk, "easel", None)]
    assert len(offers) == 1 and chunks[-1].easel["imageGenerations"] == offers[0]
    offer = offers[0][0]
    assert offer["status"] == "pending" and offer["provider"] == "simulated", offer
    assert offer["prompt"] and offer["cost"] > 0 and offer["qualityTier"] and offer["constraints"]
    assert offer["availableAlternatives"][0]["model"] == "dall-e-3"
    draw = lambda client: client.images.with_raw_response.generate(
        prompt="", response_format="url", extra_body={"easel": {"proposal": offer["id"]}}
    )
    first, second = draw(client), draw(client)
    assert len(received("images")) == 1, "a second yes was paid for"
    assert first.parse().data[0].url == second.parse().data[0].url
    assert float(first.headers["x-easel-cost-usd"]) > 0 == float(second.headers["x-easel-cost-usd"])
    stranger = openai.OpenAI(base_url=gateway + "/v1", api_key="another", max_retries=0)
    raises(openai.NotFoundError, lambda: draw(stranger))
    message = chat("draw a fox", **options).choices[0].message
    assert not pictures(message.content)
    assert message.easel["imageGenerations"][0]["status"] == "pending"


def test_relay():
    answer = client.embeddings.create(model="text-embedding-3-small", input="x", encoding_format="float")
    assert answer.data[0].embedding == [0.5, 0.25]
    assert any(model.id == "gpt-image-1" for model in client.models.list())
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"
    # The client's key stays here; the upstream gets its own.
    for request in control("GET", "/simulator/requests"):
        assert "canary" not in (request["authorization"] or "")


if __name__ == "__main__":
    control("DELETE", "/simulator/requests")
    globals()["test_" + scenario]()
