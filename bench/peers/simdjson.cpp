// simdjson.cpp: the events of bench/json_bench.c, read by simdjson alone into columns: what a decoder can be measured by.
//
// One document a line, as a source must (a bad line may not take others with it), and as one stream of documents.
#include <simdjson.h>

#include <string_view>
#include <vector>

#include "simdjson_peer.h"

using namespace simdjson;

namespace {

constexpr unsigned BATCH = 4096;

struct columns {
    std::vector<int64_t> ts = std::vector<int64_t>(BATCH);
    std::vector<int32_t> station = std::vector<int32_t>(BATCH);
    std::vector<std::string_view> region = std::vector<std::string_view>(BATCH), sensor = std::vector<std::string_view>(BATCH);
    std::vector<double> speed = std::vector<double>(BATCH), gust = std::vector<double>(BATCH), temp = std::vector<double>(BATCH);
    std::vector<uint8_t> ok = std::vector<uint8_t>(BATCH);
};

template <typename D> bool take(columns &c, D &&doc, unsigned row) {
    ondemand::object o;
    int64_t station;
    bool ok;
    if (doc.get_object().get(o) || o["ts"].get(c.ts[row]) || o["station"].get(station) || o["region"].get(c.region[row]) ||
        o["speed"].get(c.speed[row]) || o["gust"].get(c.gust[row]) || o["temp"].get(c.temp[row]) ||
        o["sensor"].get(c.sensor[row]) || o["ok"].get(ok))
        return false;
    c.station[row] = int32_t(station);
    c.ok[row] = ok;
    return true;
}

unsigned by_line(const char *text, size_t len) {
    ondemand::parser parser;
    columns c;
    unsigned n = 0;
    for (size_t at = 0; at < len; n++) {
        const char *end = static_cast<const char *>(memchr(text + at, '\n', len - at));
        size_t line = size_t(end - text) - at;
        if (!take(c, parser.iterate(text + at, line, len + SIMDJSON_PADDING - at), n % BATCH)) return 0;
        at += line + 1;
    }
    return n;
}

unsigned as_stream(const char *text, size_t len) {
    ondemand::parser parser;
    columns c;
    unsigned n = 0;
    ondemand::document_stream stream;
    parser.threaded = false;
    if (parser.iterate_many(text, len, size_t(4) << 20).get(stream)) return 0;
    for (auto doc : stream)
        if (!take(c, doc, n++ % BATCH)) return 0;
    return n;
}

} // namespace

unsigned simdjson_read(const char *text, size_t len, bool is_stream) { return is_stream ? as_stream(text, len) : by_line(text, len); }
