// JmsPeer: a real JMS client (Qpid JMS) at the other side. Commands come on standard input, a line each, fields with tabs
// between; each runs by itself. Every line of an answer begins with the command's number; the last one is "ok" or "failed".
//
//   NUMBER fill URL KIND NAME FROM TO RATE         text messages {"n": FROM} to {"n": TO - 1}, RATE a second (0: as fast as can be)
//   NUMBER send URL KIND NAME TYPE BODY [KEY=VALUE]...   TYPE text|bytes|map|object|stream|plain; a map's BODY is name=type:value,...
//   NUMBER large URL KIND NAME BYTES               a text message {"n": 1, "s": "xxx..."}
//   NUMBER read URL KIND NAME WAIT_MS              all messages, as JSON, until none came for so long
//   NUMBER numbers URL KIND NAME WAIT_MS           the same, of texts with "n":N and maybe "c":C: lines of N C
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Collections;
import java.util.Enumeration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.jms.BytesMessage;
import javax.jms.Connection;
import javax.jms.Destination;
import javax.jms.MapMessage;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.ObjectMessage;
import javax.jms.Session;
import javax.jms.StreamMessage;
import javax.jms.TextMessage;
import org.apache.qpid.jms.JmsConnectionFactory;

public class JmsPeer {
    static synchronized void say(String number, String line) { System.out.println(number + "\t" + line); System.out.flush(); }

    static String json(String s) {
        if (s == null) return "null";
        StringBuilder b = new StringBuilder("\"");
        for (char c : s.toCharArray())
            if (c == '"' || c == '\\') b.append('\\').append(c);
            else if (c < ' ') b.append(String.format("\\u%04x", (int) c));
            else b.append(c);
        return b.append('"').toString();
    }

    static Destination destination(Session s, String kind, String name) throws Exception {
        return kind.equals("topic") ? s.createTopic(name) : s.createQueue(name);
    }

    static void fill(Session s, String[] f) throws Exception {
        MessageProducer p = s.createProducer(destination(s, f[3], f[4]));
        int from = Integer.parseInt(f[5]), to = Integer.parseInt(f[6]), rate = Integer.parseInt(f[7]);
        long begin = System.nanoTime();
        for (int n = from; n < to; n++) {
            long ahead = rate == 0 ? 0 : (n - from) * 1000L / rate - (System.nanoTime() - begin) / 1000000;
            if (ahead > 5) Thread.sleep(ahead);
            p.send(s.createTextMessage("{\"n\": " + n + "}"));
            if (n % 200 == 199) s.commit();
        }
        s.commit();
    }

    static Object typed(String t) {
        String v = t.substring(t.indexOf(':') + 1);
        switch (t.substring(0, t.indexOf(':'))) {
        case "int": return Integer.valueOf(v);
        case "long": return Long.valueOf(v);
        case "double": return Double.valueOf(v);
        case "float": return Float.valueOf(v);
        case "bool": return Boolean.valueOf(v);
        case "bytes": return v.getBytes();
        case "null": return null;
        default: return v;
        }
    }

    static Message message(Session s, String type, String body) throws Exception {
        switch (type) {
        case "bytes": { BytesMessage m = s.createBytesMessage(); m.writeBytes(body.getBytes("ISO-8859-1")); return m; }
        case "object": return s.createObjectMessage(body);
        case "stream": { StreamMessage m = s.createStreamMessage(); m.writeString(body); return m; }
        case "plain": return s.createMessage();
        case "map": {
            MapMessage m = s.createMapMessage();
            for (String pair : body.split(",")) m.setObject(pair.substring(0, pair.indexOf('=')), typed(pair.substring(pair.indexOf('=') + 1)));
            return m;
        }
        default: return s.createTextMessage(body);
        }
    }

    static void send(Session s, String[] f) throws Exception {
        MessageProducer p = s.createProducer(destination(s, f[3], f[4]));
        Message m = message(s, f[5], f[6]);
        for (int i = 7; i < f.length; i++) {
            String key = f[i].substring(0, f[i].indexOf('=')), value = f[i].substring(f[i].indexOf('=') + 1);
            if (key.equals("JMSCorrelationID")) m.setJMSCorrelationID(value);
            else if (key.equals("JMSType")) m.setJMSType(value);
            else m.setObjectProperty(key, typed(value));
        }
        p.send(m);
    }

    static void large(Session s, String[] f) throws Exception {
        MessageProducer p = s.createProducer(destination(s, f[3], f[4]));
        p.send(s.createTextMessage("{\"n\": 1, \"s\": \"" + "x".repeat(Integer.parseInt(f[5])) + "\"}"));
    }

    static String map(MapMessage m) throws Exception {
        StringBuilder b = new StringBuilder("{");
        for (Object name : Collections.list((Enumeration<?>) m.getMapNames())) {
            Object v = m.getObject((String) name);
            b.append(b.length() > 1 ? "," : "").append(json((String) name)).append(":")
                .append(json(v == null ? null : v.getClass().getSimpleName() + ":" + v));
        }
        return b.append("}").toString();
    }

    static String describe(Message m) throws Exception {
        String type = "plain", body = "null";
        if (m instanceof TextMessage) { type = "text"; body = json(((TextMessage) m).getText()); }
        if (m instanceof BytesMessage) {
            type = "bytes";
            byte[] b = new byte[(int) ((BytesMessage) m).getBodyLength()];
            ((BytesMessage) m).readBytes(b);
            body = json(new String(b, "ISO-8859-1"));
        }
        if (m instanceof MapMessage) { type = "map"; body = map((MapMessage) m); }
        if (m instanceof ObjectMessage) type = "object";
        StringBuilder p = new StringBuilder("{");
        for (Object name : Collections.list((Enumeration<?>) m.getPropertyNames()))
            p.append(p.length() > 1 ? "," : "").append(json((String) name)).append(":").append(json(m.getStringProperty((String) name)));
        return "{\"type\":" + json(type) + ",\"body\":" + body + ",\"properties\":" + p + "},\"correlation\":" + json(m.getJMSCorrelationID())
            + ",\"subject\":" + json(m.getJMSType()) + ",\"priority\":" + m.getJMSPriority() + ",\"mode\":" + m.getJMSDeliveryMode()
            + ",\"expires\":" + m.getJMSExpiration() + ",\"id\":" + json(m.getJMSMessageID()) + ",\"destination\":" + json("" + m.getJMSDestination()) + "}";
    }

    static final Pattern NUMBERS = Pattern.compile("\"n\": ?(\\d+)(?:.*\"c\": ?(\\d+))?");

    static void read(Session s, String[] f) throws Exception {
        MessageConsumer c = s.createConsumer(destination(s, f[3], f[4]));
        long wait = Math.max(Long.parseLong(f[5]), 2000); // the first one may be slow to come
        for (Message m; (m = c.receive(wait)) != null; wait = Long.parseLong(f[5])) {
            if (f[1].equals("read")) say(f[0], describe(m));
            else {
                Matcher n = NUMBERS.matcher(((TextMessage) m).getText());
                say(f[0], n.find() ? n.group(1) + " " + (n.group(2) == null ? "0" : n.group(2)) : "-1 0");
            }
        }
    }

    static void run(String[] f) {
        try (Connection c = new JmsConnectionFactory(f[2] + "?jms.forceAsyncSend=true&jms.prefetchPolicy.all=2000").createConnection()) {
            c.start();
            Session s = c.createSession(f[1].equals("fill"), f[1].equals("fill") ? Session.SESSION_TRANSACTED : Session.DUPS_OK_ACKNOWLEDGE);
            if (f[1].equals("fill")) fill(s, f);
            else if (f[1].equals("send")) send(s, f);
            else if (f[1].equals("large")) large(s, f);
            else read(s, f);
            s.close();
            say(f[0], "ok");
        } catch (Throwable e) {
            say(f[0], "failed\t" + e.toString().replace('\n', ' '));
        }
    }

    public static void main(String[] a) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = in.readLine()) != null;) {
            String[] f = line.split("\t", -1);
            new Thread(() -> run(f)).start();
        }
        System.exit(0);
    }
}
