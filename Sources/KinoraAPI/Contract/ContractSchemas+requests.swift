/// What clients send.
extension ContractSchemas {
  /// What all requests take that go on with an earlier result.
  private static let goingOn = #"""
    "prompt": {"type": "string", "minLength": 1, "maxLength": 32768},
    "model": {"type": ["string", "null"], "maxLength": 256,
      "description": "what made the source, unless told"},
    "style_preset": {"$ref": "#/components/schemas/StyleName"},
    \#(account)
    """#
  /// What every request for a video takes, new ones and those that go on.
  private static let account = #"""
    "n": {"type": ["integer", "null"], "minimum": 1, "maximum": 100},
    "audio": {"type": ["boolean", "null"]},
    "seed": {"type": ["integer", "null"], "format": "int64",
      "minimum": -9223372036854775808, "maximum": 9223372036854775807},
    "max_cost_usd": {"type": ["number", "string", "null"], "minimum": 0,
      "pattern": "^[0-9]+(\\.[0-9]+)?$"},
    "metadata": {"type": ["object", "null"], "maxProperties": 16,
      "propertyNames": {"minLength": 1, "maxLength": 64},
      "additionalProperties": {"type": "string", "maxLength": 512}},
    "user": {"type": ["string", "null"], "minLength": 1, "maxLength": 256},
    "tenant": {"type": ["string", "null"], "minLength": 1, "maxLength": 128},
    "options": {"type": ["object", "null"]}
    """#

  static let requests = #"""
    {
    "Media": {"description": "A picture: an address, a data URL, or a name that only the provider can read.",
      "anyOf": [{"type": "string"}, {"type": "object"}]},
    "VideoRequest": {"type": "object", "additionalProperties": false,
      "description": "What a model can honour is in GET /v1/models; anything else is refused.",
      "properties": {
        "model": {"type": ["string", "null"], "maxLength": 256,
          "description": "PROVIDER/MODEL, MODEL where unique, an alias, or a provider's name"},
        "models": {"type": ["array", "null"], "minItems": 1, "maxItems": 8, "uniqueItems": true,
          "items": {"type": "string", "minLength": 1, "maxLength": 256},
          "description": "in place of model: asked in this order, as a route of the configuration"},
        "prompt": {"type": ["string", "null"], "maxLength": 32768},
        "seconds": {"$ref": "#/components/schemas/Seconds"},
        "duration": {"$ref": "#/components/schemas/Seconds"},
        "duration_seconds": {"$ref": "#/components/schemas/Seconds"},
        "size": {"type": ["string", "null"], "maxLength": 64},
        "aspect_ratio": {"type": ["string", "null"], "maxLength": 64},
        "resolution": {"type": ["string", "null"], "maxLength": 64},
        "fps": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000},
        "generate_audio": {"type": ["boolean", "null"], "description": "the same as audio"},
        "negative_prompt": {"type": ["string", "null"], "maxLength": 32768},
        "style_preset": {"$ref": "#/components/schemas/StyleName"},
        "input_reference": {"$ref": "#/components/schemas/Media"},
        "first_frame": {"$ref": "#/components/schemas/Media"},
        "last_frame": {"$ref": "#/components/schemas/Media"},
        "references": {"type": ["array", "null"],
          "items": {"$ref": "#/components/schemas/Media"}},
        "source": {"type": ["object", "null"], "additionalProperties": false, "required": ["job"],
          "properties": {"job": {"type": "string"}, "as": {"enum": ["extend", "remix", "edit"]}}},
        "snap": {"type": ["boolean", "null"]},
        \#(account),
        "dry_run": {"type": ["boolean", "null"]}}},
    "OwnVideo": {"description": "A completed job of one's own; a file is not taken.",
      "type": "object", "additionalProperties": false, "required": ["id"],
      "properties": {"id": {"type": "string"}}},
    "RemixRequest": {"type": "object", "additionalProperties": false, "required": ["prompt"],
      "properties": {
        \#(goingOn)}},
    "EditRequest": {"type": "object", "additionalProperties": false,
      "required": ["prompt", "video"],
      "properties": {"video": {"$ref": "#/components/schemas/OwnVideo"},
        \#(goingOn)}},
    "ExtensionRequest": {"type": "object", "additionalProperties": false,
      "required": ["prompt", "video"],
      "properties": {"video": {"$ref": "#/components/schemas/OwnVideo"},
        "seconds": {"$ref": "#/components/schemas/Seconds"},
        \#(goingOn)}},
    "VideoForm": {"type": "object",
      "description": "The members of VideoRequest as text; pictures as files.",
      "properties": {"model": {"type": "string"}, "prompt": {"type": "string"},
        "seconds": {"type": "string"}, "size": {"type": "string"},
        "input_reference": {"type": "string", "contentMediaType": "application/octet-stream"}}},
    "Seconds": {"type": ["number", "string", "null"], "exclusiveMinimum": 0, "maximum": 86400,
      "pattern": "^[0-9.]+s?$", "maxLength": 13},
    "Resolution": {"type": "object", "additionalProperties": false, "required": ["action"],
      "properties": {"action": {"enum": ["adopt", "not_charged", "give_up"]},
        "provider_id": {"type": ["string", "null"], "maxLength": 1024,
          "description": "the provider's id of the job, with adopt alone"}}}
    }
    """#
}
