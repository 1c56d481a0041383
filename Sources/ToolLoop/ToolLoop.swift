// ToolLoop
