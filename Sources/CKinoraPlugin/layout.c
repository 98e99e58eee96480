/* ABI 1.1 on every 64-bit target: a field that moved is a build error here, not a crash in somebody's plugin. */
#include "kinora_plugin.h"
#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field " moved")
_Static_assert(sizeof(kn_bytes) == 16 && sizeof(kn_header) == 32 && sizeof(kn_part) == 24 && sizeof(kn_spool) == 40, "a value moved");
AT(kn_request, method, 16); AT(kn_request, url, 32); AT(kn_request, body, 48); AT(kn_request, tag, 64);
AT(kn_request, headers, 80); AT(kn_request, parts, 96); AT(kn_request, part_count, 104);
AT(kn_response, body, 8); AT(kn_response, tag, 24); AT(kn_response, headers, 40); AT(kn_response, spools, 56);
AT(kn_failure, message, 16);
AT(kn_event, now_ms, 16); AT(kn_event, seed, 24); AT(kn_event, job, 40); AT(kn_event, response, 88);
AT(kn_event, handle, 96); AT(kn_event, ordinal, 112); AT(kn_event, phase, 116);
AT(kn_out, ctx, 8); AT(kn_out, state, 16); AT(kn_out, fail, 56); AT(kn_out, handle, 64);
AT(kn_host, ctx, 16); AT(kn_host, extension, 24);
AT(kn_plugin, struct_size, 12); AT(kn_plugin, id, 16); AT(kn_plugin, catalog, 40); AT(kn_plugin, step, 64); AT(kn_plugin, extension, 72);
AT(kn_models, path, 8); AT(kn_models, headers, 16); AT(kn_models, read, 32);
