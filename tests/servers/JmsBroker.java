// JmsBroker: ActiveMQ Artemis in one process for tests: AMQP 1.0, MQTT and CORE on one loopback port, AMQP over TLS on another,
// its journal under DIR. Arguments: DIR PORT TLS-PORT.
import java.util.Set;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

public class JmsBroker {
    static Role role(boolean mayWrite) {
        // send, consume, create and delete durable and other queues, manage, browse, create and delete addresses
        return new Role("all", mayWrite, true, true, true, true, true, true, true, true, true, false, false);
    }

    public static void main(String[] a) throws Exception {
        String data = a[0] + "/data/";
        Configuration c = new ConfigurationImpl();
        c.setPersistenceEnabled(true).setSecurityEnabled(true).setJMXManagementEnabled(false);
        c.setJournalType(JournalType.NIO).setJournalFileSize(2 * 1024 * 1024).setJournalMinFiles(2).setJournalPoolFiles(2)
            .setJournalSyncTransactional(true).setJournalSyncNonTransactional(true).setJournalDatasync(false); // what it says it has survives a kill
        c.setJournalDirectory(data + "journal").setBindingsDirectory(data + "bindings").setLargeMessagesDirectory(data + "large")
            .setPagingDirectory(data + "paging");
        c.setScheduledThreadPoolMaxSize(2).setThreadPoolMaxSize(8).setMaxDiskUsage(-1).setName("test");
        // JMS destinations: queue://x and topic://x say which kind; a bare name follows the client's capability
        String common = "nioRemotingThreads=2;anycastPrefix=queue://;multicastPrefix=topic://";
        c.addAcceptorConfiguration("all", "tcp://127.0.0.1:" + a[1] + "?protocols=CORE,AMQP,MQTT;" + common);
        c.addAcceptorConfiguration("tls", "tcp://127.0.0.1:" + a[2] + "?protocols=AMQP;sslEnabled=true;keyStoreType=PKCS12;keyStorePath="
            + a[0] + "/broker.p12;keyStorePassword=secret;" + common);
        c.addAddressSetting("#", new AddressSettings().setAutoCreateQueues(true).setAutoCreateAddresses(true).setAutoDeleteQueues(false)
            .setDeadLetterAddress(SimpleString.of("DLQ")).setExpiryAddress(SimpleString.of("ExpiryQueue")).setMaxDeliveryAttempts(50));
        c.putSecurityRoles("#", Set.of(role(true)));
        c.putSecurityRoles("forbidden", Set.of(role(false)));
        SecurityConfiguration users = new SecurityConfiguration();
        for (String[] user : new String[][] {{"weir", "secret"}, {"guest", "guest"}}) {
            users.addUser(user[0], user[1]);
            users.addRole(user[0], "all");
        }
        users.setDefaultUser("guest");
        EmbeddedActiveMQ b = new EmbeddedActiveMQ();
        b.setConfiguration(c);
        b.setSecurityManager(new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
        b.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { try { b.stop(); } catch (Exception e) { } }));
        System.out.println("JMS broker up");
        Thread.sleep(Long.MAX_VALUE);
    }
}
