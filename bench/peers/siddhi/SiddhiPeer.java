import io.siddhi.core.SiddhiAppRuntime;
import io.siddhi.core.SiddhiManager;
import io.siddhi.core.event.Event;
import io.siddhi.core.stream.input.InputHandler;
import io.siddhi.core.stream.output.StreamCallback;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs a workload through Siddhi: events one at a time through an InputHandler, in playback mode, one thread.
 *
 * <pre>SiddhiPeer w1|w2|w3|w4|w5 EVENTS time|check</pre>
 *
 * The events and the check of output rows are those of bench/wind.h. Mode time runs a pass of at most 200,000 events
 * first, so that what is measured has been compiled.
 */
public final class SiddhiPeer {
    static final long BASE = 1700000000000L;
    static final int STATIONS = 1000;
    static final int LIMIT = 640;
    static final int WARM_UP = 200_000;

    static final String WIND = "@app:playback "
            + "define stream Wind(ts long, station int, region string, speed double, gust double);";

    static String app(String workload) {
        return WIND + switch (workload) {
            case "w1" -> "from Wind[speed > 50] select ts, station, speed insert into Out;";
            case "w2" -> "from Wind#window.externalTimeBatch(ts, 1 sec) select station, avg(speed) as a, "
                    + "max(speed) as m, count() as c group by station insert into Out;";
            case "w3" -> "from Wind#window.time(10 min) select station, count() as c group by station "
                    + "having c > " + LIMIT + " insert into Out;";
            case "w4" -> "from Wind[ts % 2 == 0] select station, speed insert into Even; "
                    + "from Wind[ts % 2 == 1] select station, speed insert into Odd; "
                    + "from Even#window.time(10 sec) as a join Odd#window.time(10 sec) as b "
                    + "on a.station == b.station "
                    + "select a.station as station, a.speed as x, b.speed as y insert into Out;";
            // Siddhi compares each event with all that wait; a partition by station is its faster form.
            case "w5" -> "partition with (station of Wind) begin from every a=Wind[speed > 50] -> "
                    + "b=Wind[station == a.station and speed > a.speed] within 5 sec "
                    + "select a.ts as ts, a.station as station, a.speed as before, b.speed as now insert into Out; end;";
            default -> throw new IllegalArgumentException(workload);
        };
    }

    /** The draws of wind_make, as the rows that Siddhi takes. */
    static Object[][] events(int n) {
        String[] regions = new String[50];
        for (int i = 0; i < regions.length; i++) regions[i] = String.format("region%02d", i);
        Random random = new Random();
        Object[][] events = new Object[n][];
        for (int i = 0; i < n; i++) {
            int station = random.draw(STATIONS);
            double speed = random.draw(55556) / 1000.0;
            double gust = speed + random.draw(10000) / 1000.0;
            events[i] = new Object[] {BASE + i, station, regions[station % 50], speed, gust};
        }
        return events;
    }

    static final class Random {
        private long x = 42;

        int draw(int below) {
            x ^= x << 13;
            x ^= x >>> 7;
            x ^= x << 17;
            return (int) ((x >>> 33) % below);
        }
    }

    /** Receives the output: counts rows, and sums them up in mode check. */
    static final class Rows extends StreamCallback {
        private final String workload;
        private final boolean check;
        long n;
        long keys;
        double values;

        Rows(String workload, boolean check) {
            this.workload = workload;
            this.check = check;
        }

        @Override
        public void receive(Event[] events) {
            n += events.length;
            if (check) for (Event e : events) add(e.getTimestamp(), e.getData());
        }

        private void add(long ts, Object[] row) {
            switch (workload) {
                case "w1" -> add((Long) row[0], (Integer) row[1], 0, (Double) row[2], 0);
                case "w2" -> add((ts - BASE) / 1000, (Integer) row[0], (Long) row[3], (Double) row[1], (Double) row[2]);
                case "w4" -> add(ts, (Integer) row[0], 0, (Double) row[1], (Double) row[2]);
                case "w5" -> add((Long) row[0], (Integer) row[1], 0, (Double) row[2], (Double) row[3]);
                default -> add(ts, (Integer) row[0], (Long) row[1], 0, 0);
            }
        }

        private void add(long time, int station, long count, double a, double b) {
            long h = time * 0x9E3779B97F4A7C15L;
            h = ((h ^ h >>> 32) + station) * 0xBF58476D1CE4E5B9L;
            h = ((h ^ h >>> 29) + count) * 0x94D049BB133111EBL;
            h ^= h >>> 32;
            keys += h;
            values += a * (1 + (h >>> 60)) + b * (1 + (h >>> 56 & 15));
        }
    }

    /** Sends the first n events to a new app; gives the seconds from the first event to the last row. */
    static double pass(String workload, Object[][] events, int n, Rows rows) throws Exception {
        SiddhiManager manager = new SiddhiManager();
        SiddhiAppRuntime app = manager.createSiddhiAppRuntime(app(workload));
        app.addCallback("Out", rows);
        app.start();
        InputHandler wind = app.getInputHandler("Wind");
        long begin = System.nanoTime();
        for (int i = 0; i < n; i++) wind.send(BASE + i, events[i]);
        if (workload.equals("w2")) { // closes the last second
            wind.send(BASE + n, new Object[] {BASE + n, STATIONS, "end", 0.0, 0.0});
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        app.shutdown();
        manager.shutdown();
        return seconds;
    }

    static long peakMegabytes() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmHWM")) return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        }
        return -1;
    }

    public static void main(String[] args) throws Exception {
        String workload = args[0];
        int n = Integer.parseInt(args[1]);
        boolean check = args[2].equals("check");
        Object[][] events = events(n);
        if (!check) {
            pass(workload, events, Math.min(n / 2, WARM_UP) / 1000 * 1000, new Rows(workload, false));
            System.gc();
        }
        Rows rows = new Rows(workload, check);
        double seconds = pass(workload, events, n, rows);
        System.out.printf("{\"engine\": \"siddhi\", \"workload\": \"%s\", \"events\": %d, \"seconds\": %.9f, "
                + "\"rows\": %d, \"rss_mb\": %d", workload, n, seconds, rows.n, peakMegabytes());
        if (check) System.out.printf(", \"keys\": \"%016x\", \"values\": %s", rows.keys, rows.values);
        System.out.println("}");
        System.exit(0); // Siddhi leaves threads behind
    }
}
