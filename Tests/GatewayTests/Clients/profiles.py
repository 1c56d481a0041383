"""Drives image profiles with the stock OpenAI SDK.

Usage: profiles.py GATEWAY_URL SIMULATOR_URL SCENARIO
"""

import base64
import io
import json
import sys

import openai
from PIL import Image
from sdk import chat, client, control, fault, join_if_streamed, picture_file, pictures, raises, received

scenario = sys.argv[3]


def generate(model, prompt="a fox", **options):
    return drawn(client.images.with_raw_response.generate(model=model, prompt=prompt, **options))


def drawn(raw):
    """Who drew, how much it cost, who was passed over, and the pictures' sizes."""
    answer = raw.parse()
    easel = answer.easel
    sizes = []
    for picture in answer.data:
        picture = Image.open(io.BytesIO(base64.b64decode(picture.b64_json)))
        picture.verify()
        sizes.append("x".join(map(str, picture.size)))
    fallback = [(entry["model"], entry["reason"]) for entry in easel["fallback"]]
    assert raw.headers["x-easel-provider"] == easel["provider"]
    return f"{easel['provider']}/{easel['model']}", easel.get("cost_usd"), fallback, sizes


def plan(**body):
    return client.post("/images/plan", body={"prompt": "a fox", **body}, cast_to=object)


def asked():
    """The routes of the simulator that were asked since the last look."""
    routes = {request["route"] for request in control("GET", "/simulator/requests")}
    control("DELETE", "/simulator/requests")
    return routes


def test_api():
    listed = {model.id: model.owned_by for model in client.models.list()}
    assert {id for id in listed if id.startswith("profile:")} == {
        "profile:pair", "profile:exact", "profile:cheap", "profile:fast", "profile:stubborn",
        "profile:vary",
    }, listed
    assert client.models.retrieve("profile:pair").owned_by == "easel"
    # The profile's tier, whatever words the prompt has; a tier that is asked for is stronger.
    assert generate("profile:fast", "a photorealistic fox")[0] == "fireworks/flux-1-schnell-fp8"
    assert generate("profile:fast", quality="high")[0] == "replicate/landscape"
    # Defaults of the profile, and the request's own words over them.
    assert generate("profile:exact") == ("openai/gpt-image-1", 0.011, [], ["1536x1024"])
    own = generate("profile:exact", size="1024x1024", quality="medium", n=2)
    assert own == ("openai/gpt-image-1", 0.084, [], ["1024x1024"] * 2), own
    body = received("images")[-1]
    assert body["output_format"] == "jpeg" and body["model"] == "gpt-image-1", body
    # Everybody but those within the price is passed over, whatever the prompt asks for.
    assert generate("profile:cheap", "a photorealistic fox")[1] <= 0.02
    edit = client.images.with_raw_response.edit(
        model="profile:exact", prompt="bluer", image=picture_file((1024, 1024))
    )
    assert drawn(edit) == ("openai/gpt-image-1", 0.011, [], ["1024x1024"])
    events = list(client.images.generate(model="profile:exact", prompt="a fox", stream=True))
    assert events[0].easel["model"] == "gpt-image-1" and events[0].size == "1536x1024", events
    answer = short(model="profile:pair", prompt="a quick sketch")
    assert answer["provider"] == "gemini" and not answer["fallbackUsed"], answer
    raises(openai.BadRequestError, lambda: generate("profile:stubborn", "forbidden"))


def short(**body):
    gateway = client.with_options(base_url=str(client.base_url).removesuffix("/v1/"))
    return gateway.post("/generate-image", body=body, cast_to=object)


def test_limits():
    """What is past a limit is an error that says what is allowed, and asks nobody."""
    edit = lambda **options: client.images.edit(
        model="profile:exact", prompt="x", image=picture_file((64, 64)), **options
    )
    vary = lambda **options: client.images.create_variation(
        model="profile:exact", image=picture_file((64, 64)), **options
    )
    for action in (
        lambda **options: generate("profile:exact", **options), edit, vary,
        lambda **options: plan(model="profile:exact", **options),
    ):
        error = raises(openai.BadRequestError, lambda: action(size="512x512"))
        assert error.param == "size" and "1536x1024, 1024x1024" in error.message, error
        error = raises(openai.BadRequestError, lambda: action(n=3))
        assert error.param == "n" and "from 1 to 2" in error.message, error
    error = raises(openai.BadRequestError, lambda: generate("profile:exact", style="anime"))
    assert error.param == "style" and "vivid" in error.message, error
    error = raises(openai.BadRequestError, lambda: generate("profile:cheap", n=11))
    assert error.param == "n"
    error = raises(openai.BadRequestError, lambda: generate("profile:exact", quality="high"))
    assert "openai/gpt-image-1: costs 0.167 US dollars" in error.message, error
    assert "the profile 'exact' allows 0.05" in error.message, error
    for action in (
        lambda: generate("profile:nobody"), lambda: plan(model="profile:nobody"),
        lambda: short(model="profile:nobody", prompt="x"),
        lambda: client.images.edit(model="profile:nobody", prompt="x", image=picture_file((64, 64))),
        lambda: client.images.create_variation(model="profile:nobody", image=picture_file((64, 64))),
    ):
        error = raises(openai.NotFoundError, action)
        assert error.code == "model_not_found" and error.param == "model", error
        assert "There are: pair, exact" in error.message and "/v1/models" in error.message, error
    assert asked() == set()
    # A plan tells whom the limits keep from being asked.
    answer = plan(model="profile:cheap")
    assert answer["profile"] == "cheap" and answer["cost"] <= 0.02, answer
    reasons = {f"{e['provider']}/{e['model']}": e["reason"] for e in answer["unavailable"]}
    assert reasons["openai/gpt-image-1"] == "too_dear", reasons
    answer = plan(model="profile:pair")
    everybody = [answer, *answer["availableAlternatives"], *answer["unavailable"]]
    assert {entry["provider"] for entry in everybody} == {"gemini", "stability"}, answer
    assert asked() == set()


def test_providers():
    """Only the profile's providers are asked, also when they fail."""
    assert generate("profile:pair")[0] == "gemini/gemini-3-pro-image"
    fault("gemini", status=503)
    assert generate("profile:pair")[::2] == (
        "stability/stable-image-ultra", [("gemini/gemini-3-pro-image", "overloaded")]
    )
    asked()
    for route in ("gemini", "stability"):
        fault(route, status=503)
    error = raises(openai.InternalServerError, lambda: generate("profile:pair"))
    assert error.status_code == 503 and "gemini" in error.message and "stability" in error.message
    assert asked() == {"gemini", "stability"}
    # The tool keeps to them as well, and the model is told.
    for route in ("gemini", "stability"):
        fault(route, status=503)
    message = chat("draw a fox", extra_body={"easel": {"image_profile": "pair"}}).choices[0].message
    assert not pictures(message.content) and "stability" in message.content, message.content
    assert asked() == {"chat", "gemini", "stability"}


def test_refusal():
    """A refusal is final, unless the profile says that the next one is asked."""
    refusal = {"status": 400, "body": '{"error":{"message":"no","code":"content_policy_violation"}}'}
    for model in ("profile:exact", "profile:stubborn", "ultra"):
        asked()
        fault("images", **refusal)
        if model == "profile:stubborn":
            assert generate(model)[::2] == (
                "stability/stable-image-ultra", [("openai/gpt-image-1", "refused")]
            )
            assert asked() >= {"images", "stability"}
        else:
            error = raises(openai.BadRequestError, lambda: generate(model))
            assert error.code == "content_policy_violation", error
            assert asked() == {"images"}
    # Refused by all, it is told as a refusal.
    error = raises(openai.BadRequestError, lambda: generate("profile:stubborn", "forbidden"))
    assert error.code and error.type == "image_generation_user_error", error
    assert asked() == {"images", "stability"}


def tools_sent():
    """The properties of the tools that the chat model was offered in its first round."""
    body = next(b for b in received("chat") if b["messages"][-1]["role"] == "user")
    assert "easel" not in body
    tools = {tool["function"]["name"]: tool["function"] for tool in body.get("tools", [])}
    return {name: tool["parameters"]["properties"] for name, tool in tools.items()}


def test_tool():
    by_body = {"extra_body": {"easel": {"image_profile": "exact"}}}
    by_header = {"extra_headers": {"x-easel-image-profile": "exact"}}
    for options in (by_body, by_header):
        for stream in (False, True):
            asked()
            answer = join_if_streamed(chat("draw a fox", stream=stream, **options))
            text = answer[0] if stream else answer.choices[0].message.content
            assert len(pictures(text)) == 1, text
            sent = tools_sent()["generate_image"]
            assert sent["size"]["enum"] == ["1536x1024", "1024x1024"], sent
            assert sent["style"]["enum"] == ["vivid"] and sent["count"]["maximum"] == 2, sent
            (body,) = received("images")
            assert body["model"] == "gpt-image-1" and body["size"] == "1536x1024", body
            assert body["quality"] == "low", body
    # The body wins over the header.
    both = {**by_body, "extra_headers": {"x-easel-image-profile": "pair"}}
    asked()
    chat("draw a fox", **both)
    assert "images" in asked()
    # Without a word the tool is as wide as ever, and any provider draws.
    chat("draw a fox")
    assert len(tools_sent()["generate_image"]["size"]["enum"]) == 3
    # What is past a limit is an error that the model can mend.
    asked()
    for arguments, rule in (
        ({"size": "1024x1792"}, "'size' must be one of: 1536x1024, 1024x1024."),
        ({"count": 3}, "'count' must be an integer from 1 to 2."),
    ):
        call = {"name": "generate_image", "arguments": json.dumps({"prompt": "x", **arguments})}
        fault("chat", status=200, body=completion(call))
        message = chat("draw a fox", **by_body).choices[0].message
        assert rule in message.content, message.content
        result = received("chat")[-1]["messages"][-1]
        assert result["role"] == "tool" and json.loads(result["content"])["reason"] == rule, result
    # A quality past the price as well.
    call = {"name": "generate_image", "arguments": '{"prompt":"x","quality":"ultra"}'}
    fault("chat", status=200, body=completion(call))
    message = chat("draw a fox", **by_body).choices[0].message
    assert "the profile 'exact' allows 0.05" in message.content, message.content
    assert "images" not in asked()
    # What is to be changed is changed only by those of the profile who can.
    history = [{"role": "user", "content": "img_" + "0" * 32 + " is my picture, hello"}]
    for profile, offers in (("exact", True), ("pair", False)):
        asked()
        client.chat.completions.create(
            model="gpt-4o", messages=history, extra_body={"easel": {"image_profile": profile}}
        )
        assert ("edit_image" in tools_sent()) == offers, tools_sent()


def completion(function):
    call = {"id": "call_1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    answer = {"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
    return json.dumps({**answer, "choices": [choice]})


def test_variation():
    """Pictures like another one are drawn by a profile too: in its size, by those who can."""
    for size, options in (("256x256", {}), ("512x512", {"size": "512x512"})):
        asked()
        raw = client.images.with_raw_response.create_variation(
            model="profile:vary", image=picture_file((64, 64)), n=2, **options
        )
        assert drawn(raw) == ("openai/dall-e-2", 0.032, [], [size] * 2), raw.headers
        (request,) = control("GET", "/simulator/requests")
        assert request["path"] == "/v1/images/variations", request["path"]
        assert size in request["body"] and "prompt" not in request["body"], request["body"][:500]
    # As a URL, and where the one that can is down.
    answer = client.images.create_variation(
        model="profile:vary", image=picture_file((64, 64)), response_format="url"
    )
    assert answer.data[0].url.startswith("http") and not answer.data[0].b64_json, answer
    fault("images", status=503)
    error = raises(
        openai.InternalServerError,
        lambda: client.images.create_variation(model="profile:vary", image=picture_file((64, 64))),
    )
    assert "openai" in error.message, error


def test_confirm():
    """What was proposed by a profile is drawn by it."""
    options = {"extra_body": {"easel": {"image_tool": "confirm", "image_profile": "exact"}}}
    (offer,) = chat("draw a fox", **options).choices[0].message.easel["imageGenerations"]
    assert (offer["profile"], offer["model"], offer["cost"]) == ("exact", "gpt-image-1", 0.011), offer
    assert offer["size"] == "1536x1024" and not offer["availableAlternatives"], offer
    raw = client.images.with_raw_response.generate(
        prompt="", extra_body={"easel": {"proposal": offer["id"]}}
    )
    assert drawn(raw) == ("openai/gpt-image-1", 0.011, [], ["1536x1024"])
    # What the profile rules out is not proposed, and the model is told why.
    call = {"name": "generate_image", "arguments": '{"prompt":"x","quality":"ultra"}'}
    fault("chat", status=200, body=completion(call))
    message = chat("draw a fox", **options).choices[0].message
    assert "the profile 'exact' allows 0.05" in message.content, message.content


def test_unknown():
    for options, param in (
        ({"extra_body": {"easel": {"image_profile": "nobody"}}}, "easel.image_profile"),
        ({"extra_headers": {"x-easel-image-profile": "nobody"}}, "x-easel-image-profile"),
    ):
        for stream in (False, True):
            error = raises(openai.BadRequestError, lambda: chat("hi", stream=stream, **options))
            assert error.param == param and "There are: pair, exact" in error.message, error
    for value in (7, "", "x" * 65, ["exact"]):
        options = {"extra_body": {"easel": {"image_profile": value}}}
        error = raises(openai.BadRequestError, lambda: chat("hi", **options))
        assert error.param == "easel.image_profile", error
    assert asked() == set()


def test_default():
    """The default profile is that of requests that name neither one nor a model."""
    for model in (openai.omit, "auto"):
        assert generate(model)[0] == "openai/gpt-image-1"
    assert generate("ultra", "a fox")[0] == "openai/gpt-image-1"
    assert generate("stability/stable-image-ultra")[0] == "stability/stable-image-ultra"
    assert generate("profile:pair")[0] == "gemini/gemini-3-pro-image"
    error = raises(openai.BadRequestError, lambda: generate(openai.omit, n=3))
    assert error.param == "n" and "'exact'" in error.message, error
    assert len(generate("ultra", n=3)[3]) == 3, "a tier is no matter of the profile"
    assert plan()["profile"] == "exact" and "profile" not in plan(model="ultra")
    assert short(prompt="a fox")["model"] == "gpt-image-1"
    asked()
    assert pictures(chat("draw a fox").choices[0].message.content)
    assert tools_sent()["generate_image"]["count"]["maximum"] == 2
    asked()
    pair = {"extra_body": {"easel": {"image_profile": "pair"}}}
    assert pictures(chat("draw a fox", **pair).choices[0].message.content)
    assert asked() == {"chat", "gemini"}


if __name__ == "__main__":
    control("DELETE", "/simulator/requests")
    globals()["test_" + scenario]()
