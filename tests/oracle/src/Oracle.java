import com.google.gson.*;
import io.siddhi.core.*;
import io.siddhi.core.event.Event;
import io.siddhi.core.query.output.callback.QueryCallback;
import io.siddhi.core.stream.input.InputHandler;
import io.siddhi.core.stream.output.StreamCallback;
import io.siddhi.query.api.definition.*;
import org.apache.logging.log4j.*;
import org.apache.logging.log4j.core.*;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.*;
import java.nio.file.*;
import java.util.*;

/** Runs each case through Siddhi under playback (event-time clock) and writes what every stream received. */
public class Oracle {
  static JsonElement value(Object o){
    if(o==null) return JsonNull.INSTANCE;
    if(o instanceof Boolean) return new JsonPrimitive((Boolean)o);
    if(o instanceof String) return new JsonPrimitive((String)o);
    if(o instanceof Double||o instanceof Float){ double d=((Number)o).doubleValue(); if(Double.isNaN(d)||Double.isInfinite(d)) return new JsonPrimitive("#"+d); return new JsonPrimitive((Number)o);}
    if(o instanceof Number) return new JsonPrimitive((Number)o);
    JsonObject x=new JsonObject(); x.addProperty("object", o instanceof Throwable? "error" : o instanceof Set? "set of "+((Set<?>)o).size() : String.valueOf(o)); return x;
  }
  static Object typed(JsonElement e, Attribute.Type t){
    if(e==null||e.isJsonNull()) return null;
    if((t==Attribute.Type.DOUBLE||t==Attribute.Type.FLOAT)&&e.getAsJsonPrimitive().isString()){ double d=Double.parseDouble(e.getAsString().substring(1)); return t==Attribute.Type.DOUBLE?(Object)d:(Object)(float)d; }
    switch(t){case INT:return e.getAsInt();case LONG:return e.getAsLong();case FLOAT:return e.getAsFloat();case DOUBLE:return e.getAsDouble();case BOOL:return e.getAsBoolean();case STRING:return e.getAsString();
      default: JsonPrimitive p=e.getAsJsonPrimitive(); return p.isString()?p.getAsString():p.isBoolean()?(Object)p.getAsBoolean():(Object)p.getAsDouble();}
  }
  static JsonArray row(Object[] d){JsonArray a=new JsonArray();if(d!=null)for(Object o:d)a.add(value(o));return a;}
  static void put(JsonArray out,Event[] es,String sign){ if(es==null) return; synchronized(out){for(Event e:es){JsonArray r=new JsonArray();r.add(e.getTimestamp()-base);r.add(sign!=null?sign:e.isExpired()?"-":"+");r.add(row(e.getData()));out.add(r);}} }
  static Object[] conv(JsonArray a,List<Attribute> at){Object[] r=new Object[at.size()];for(int i=0;i<r.length;i++)r[i]=typed(a.get(i),at.get(i).getType());return r;}
  static Set<String> names(JsonObject c,String k){Set<String> s=new LinkedHashSet<>(); if(c.has(k)) for(JsonElement e:c.getAsJsonArray(k)) s.add(e.getAsString()); return s;}

  /** In a "relative" case the event clock is the wall clock at start + t: time-based rate limits start at the wall clock. */
  static volatile long base=0;
  /** What Siddhi logs as an error while a case runs (it drops the event and goes on) is noted in "logged". */
  static final Set<String> logged=Collections.synchronizedSet(new LinkedHashSet<>());
  static void listen(){
    LoggerContext x=(LoggerContext)LogManager.getContext(false); LoggerConfig root=x.getConfiguration().getRootLogger();
    for(String n:new ArrayList<>(root.getAppenders().keySet())) root.removeAppender(n);
    AbstractAppender a=new AbstractAppender("case",null,null,true,Property.EMPTY_ARRAY){public void append(LogEvent e){Throwable t=e.getThrown(); logged.add(clean(t!=null? t.getClass().getSimpleName()+": "+t.getMessage() : e.getMessage().getFormattedMessage()));}};
    a.start(); root.addAppender(a,Level.ERROR,null); root.setLevel(Level.ERROR); x.updateLoggers();
  }
  static String clean(String s){ return s.replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}","app").replaceAll("@[0-9a-f]{5,}",""); }

  static SiddhiAppRuntime start(SiddhiManager m,JsonObject c,Map<String,JsonArray> got){
    String app=c.get("app").getAsString();
    if(!app.toLowerCase().contains("@app:playback")) app="@app:playback "+app;
    SiddhiAppRuntime rt=m.createSiddhiAppRuntime(app);
    Set<String> only=names(c,"watch"), ins=new HashSet<>();
    for(JsonElement s:c.getAsJsonArray("steps")) if(s.getAsJsonObject().has("stream")) ins.add(s.getAsJsonObject().get("stream").getAsString());
    for(String id:new TreeSet<>(rt.getStreamDefinitionMap().keySet())){
      if(only.isEmpty()? ins.contains(id): !only.contains(id)) continue;
      JsonArray out=got.computeIfAbsent(id,k->new JsonArray());
      rt.addCallback(id,new StreamCallback(){public void receive(Event[] es){put(out,es,null);}});
    }
    for(String q:names(c,"calls")){ JsonArray out=got.computeIfAbsent(q,k->new JsonArray());
      rt.addCallback(q,new QueryCallback(){public void receive(long t,Event[] in,Event[] removed){put(out,in,"+");put(out,removed,"-");}}); }
    base=c.has("relative")? System.currentTimeMillis() : 0;
    rt.start();
    return rt;
  }
  static void run(JsonObject c){
    Map<String,JsonArray> got=new TreeMap<>(); JsonArray answers=new JsonArray();
    SiddhiManager m=new SiddhiManager(); SiddhiAppRuntime rt=null;
    c.remove("error"); c.remove("expect"); c.remove("answers"); c.remove("logged"); logged.clear();
    try{
      rt=start(m,c,got);
      for(JsonElement s:c.getAsJsonArray("steps")){
        JsonObject o=s.getAsJsonObject();
        if(o.has("stream")){
          String id=o.get("stream").getAsString();
          List<Attribute> at=rt.getStreamDefinitionMap().get(id).getAttributeList();
          InputHandler h=rt.getInputHandler(id); long t=base+o.get("t").getAsLong();
          if(o.has("rows")){ JsonArray rs=o.getAsJsonArray("rows"); Event[] es=new Event[rs.size()]; for(int i=0;i<es.length;i++) es[i]=new Event(t,conv(rs.get(i).getAsJsonArray(),at)); h.send(es);}
          else h.send(t,conv(o.getAsJsonArray("data"),at));
        } else if(o.has("query")){
          JsonArray rs=new JsonArray();
          try{ Event[] es=rt.query(o.get("query").getAsString()); if(es!=null) for(Event e:es) rs.add(row(e.getData())); answers.add(rs);}
          catch(Throwable t){JsonObject x=new JsonObject();x.addProperty("error",clean(String.valueOf(t.getMessage())));answers.add(x);}
        } else if(o.has("persist")){ byte[] b=rt.snapshot(); rt.shutdown(); rt=start(m,c,got); rt.restore(b); }
      }
      if(c.has("settle")) Thread.sleep(c.get("settle").getAsLong());
      JsonObject exp=new JsonObject(); for(Map.Entry<String,JsonArray> g:got.entrySet()) exp.add(g.getKey(),g.getValue());
      c.add("expect",exp); if(answers.size()>0) c.add("answers",answers);
    }catch(Throwable t){ c.addProperty("error",clean(t.getClass().getSimpleName()+": "+t.getMessage())); }
    synchronized(logged){ if(!logged.isEmpty()&&!c.has("error")){ JsonArray l=new JsonArray(); for(String x:logged) l.add(x.length()>200?x.substring(0,200):x); c.add("logged",l);} }
    try{ if(rt!=null) rt.shutdown(); m.shutdown(); }catch(Throwable t){}
  }
  /** A case in which Siddhi does not come back in time (ORACLE_SECONDS, 20) is given up, and says so in "logged". */
  static final long PATIENCE=1000L*Integer.parseInt(System.getenv().getOrDefault("ORACLE_SECONDS","20"));
  @SuppressWarnings("removal")
  static JsonObject timed(String line)throws Exception{
    JsonObject c=JsonParser.parseString(line).getAsJsonObject();
    Thread t=new Thread(()->run(c)); t.setDaemon(true); t.start(); t.join(PATIENCE);
    if(!t.isAlive()) return c;
    JsonObject stuck=JsonParser.parseString(line).getAsJsonObject(); JsonArray l=new JsonArray(); l.add("no answer in time"); stuck.add("logged",l); stuck.add("expect",new JsonObject());
    t.stop(); return stuck;
  }
  public static void main(String[] a)throws Exception{
    System.setProperty("log4j2.contextSelector","org.apache.logging.log4j.core.selector.BasicContextSelector");
    listen();
    /* Classes are loaded before a case can be given up: one that is stopped while it loads a class spoils all that follow. */
    run(JsonParser.parseString("{\"app\":\"define stream S (k string, v int); define table T (k string, v int); from S insert into T; from every e1=S -> e2=S<1:2> select e1.v as v insert into P; from S#window.time(1 sec) select sum(v) as s insert all events into O;\",\"steps\":[{\"t\":1,\"stream\":\"S\",\"data\":[\"a\",1]},{\"query\":\"from T select k\"},{\"persist\":true}]}").getAsJsonObject());
    Gson g=new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    for(String f:a){ Path p=Paths.get(f); List<String> out=new ArrayList<>(); boolean dry=System.getenv("DRY")!=null;
      for(String line:Files.readAllLines(p)){ if(line.isBlank()) continue; String done=g.toJson(timed(line)); if(dry){System.out.println(done);System.out.flush();} else out.add(done); }
      if(!dry) Files.write(p,out); }
    System.exit(0);
  }
}
