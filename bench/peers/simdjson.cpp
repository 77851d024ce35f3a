// simdjson.cpp: the events of bench/io_bench.c, read by simdjson alone into columns: what a decoder can be measured by.
//
//   simdjson_bench [rows]        (1 million when left out)
//
// One document a line, as a source must (a bad line may not take others with it), and as one stream of documents.
// Each figure is the best of five runs over the same text, in processor time.
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

using namespace simdjson;

static double seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

static std::string make_text(unsigned n) {
    static const char *const regions[] = {"north", "south", "east", "west"};
    std::string text;
    char line[200];
    for (unsigned i = 0; i < n; i++) {
        unsigned hash = i * 2654435761u;
        snprintf(line, sizeof line, "{\"ts\":%lld,\"station\":%d,\"region\":\"%s\",\"speed\":%.6g,\"gust\":%.6g}\n",
                 1357016400000ll + i, int(hash >> 22), regions[hash >> 8 & 3], (hash >> 10 & 1023) / 20.0,
                 (hash >> 4 & 1023) / 10.0);
        text += line;
    }
    return text;
}

static constexpr unsigned BATCH = 4096;
struct columns {
    std::vector<int64_t> ts = std::vector<int64_t>(BATCH);
    std::vector<int32_t> station = std::vector<int32_t>(BATCH);
    std::vector<std::string_view> region = std::vector<std::string_view>(BATCH);
    std::vector<double> speed = std::vector<double>(BATCH), gust = std::vector<double>(BATCH);
};

template <typename D> static bool take(columns &c, D &&doc, unsigned row) {
    ondemand::object o;
    int64_t station;
    if (doc.get_object().get(o) || o["ts"].get(c.ts[row]) || o["station"].get(station) || o["region"].get(c.region[row]) ||
        o["speed"].get(c.speed[row]) || o["gust"].get(c.gust[row]))
        return false;
    c.station[row] = int32_t(station);
    return true;
}

static unsigned by_line(ondemand::parser &parser, const std::string &text, size_t len, columns &c) {
    unsigned n = 0;
    for (size_t at = 0; at < len; n++) {
        const char *end = static_cast<const char *>(memchr(text.data() + at, '\n', len - at));
        size_t line = size_t(end - text.data()) - at;
        if (!take(c, parser.iterate(text.data() + at, line, text.size() - at), n % BATCH)) return 0;
        at += line + 1;
    }
    return n;
}

static unsigned as_stream(ondemand::parser &parser, const std::string &text, size_t len, columns &c) {
    unsigned n = 0;
    ondemand::document_stream stream;
    if (parser.iterate_many(text.data(), len, size_t(4) << 20).get(stream)) return 0;
    for (auto doc : stream)
        if (!take(c, doc, n++ % BATCH)) return 0;
    return n;
}

int main(int argc, char **argv) {
    unsigned n = argc > 1 ? unsigned(strtoul(argv[1], nullptr, 10)) : 1000000;
    std::string text = make_text(n);
    size_t len = text.size();
    text.resize(len + SIMDJSON_PADDING);
    for (bool stream : {false, true}) {
        double best = 1e9;
        for (int run = 0; run < 5; run++) {
            ondemand::parser parser;
            columns c;
            double before = seconds();
            if ((stream ? as_stream(parser, text, len, c) : by_line(parser, text, len, c)) != n) return 1;
            double spent = seconds() - before;
            if (spent < best) best = spent;
        }
        printf("simdjson decode %6.2f M rows/s  %6.0f MB/s  %s\n", n / best / 1e6, double(len) / best / 1e6,
               stream ? "as one stream" : "a line at a time");
    }
    return 0;
}
