using System.Globalization;
using Coordination;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd;
using Coordination.Redis;
using Coordination.ZooKeeper;

// Coordination.Worker BACKEND ENDPOINT MILLISECONDS: one coordinator on a server, driven by the lines of standard input. See WorkerLoop.
if (args is not [var kind, var endpoint, var milliseconds])
{
    Console.Error.WriteLine("usage: Coordination.Worker redis|redlock|etcd|zookeeper CONFIGURATION DURATION-IN-MILLISECONDS");
    return 2;
}

ICoordinationBackend backend = kind switch
{
    "redis" => RedisBackend.Create(new RedisBackendOptions { Configuration = endpoint }),
    "redlock" => RedlockBackend.Create(endpoint.Split(';')),
    "etcd" => EtcdBackend.Create(endpoint),
    "zookeeper" => ZooKeeperBackend.Create(endpoint),
    _ => throw new ArgumentException($"There is no backend '{kind}'."),
};
var options = new CoordinatorOptions
{
    LeaseDuration = TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture)),
    Holder = $"worker/{Environment.ProcessId}",

    // Tests kill and pause these processes, not their servers. A call is to fail by none of it, however busy the machine is.
    OperationTimeout = TimeSpan.FromSeconds(15),
};
await using var coordinator = new Coordinator(backend, options);

// One line at a time, whole, and at once: the other side reads them as they come.
var output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
using var input = new StreamReader(Console.OpenStandardInput());
await new WorkerLoop(coordinator, TimeProvider.System, input.ReadLineAsync, output.WriteLine).RunAsync(CancellationToken.None);
return 0;
