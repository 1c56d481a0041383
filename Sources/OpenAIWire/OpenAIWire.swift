// OpenAIWire
