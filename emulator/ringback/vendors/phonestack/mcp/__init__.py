"""The MCP server at /mcp, page "MCP Server": the official SDK over Streamable HTTP, on the rules and store of REST."""
