using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>Servers of a ZooKeeper ensemble of our own on free loopback ports, with their data in RAM where there is such a place.</summary>
internal sealed class ZooKeeperServer : IAsyncDisposable
{
    private const string Jars = "/usr/share/java";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly List<ServerProcess> _processes = [];
    private readonly DirectoryInfo _directory = ServerProcess.MakeDirectory();
    private readonly (int Client, int Quorum, int Election)[] _ports;

    private ZooKeeperServer(int members)
    {
        var ports = ServerProcess.FreePorts(3 * members);
        _ports = [.. ports.Chunk(3).Select(static three => (three[0], three[1], three[2]))];
    }

    /// <summary>Where clients find them.</summary>
    public IReadOnlyList<string> Addresses => [.. _ports.Select(static ports => $"127.0.0.1:{ports.Client}")];

    /// <summary>The processor time that all servers took.</summary>
    public TimeSpan ProcessorTime => _processes.Aggregate(TimeSpan.Zero, static (sum, process) => sum + process.ProcessorTime);

    /// <summary>Starts the servers, and waits until all serve.</summary>
    public static async Task<ZooKeeperServer> StartAsync(int members)
    {
        var java = ServerProcess.Find("java");
        if (java is null || !File.Exists($"{Jars}/zookeeper.jar"))
        {
            throw new UsageException(
                $"ZooKeeper was not found in {Jars}, or java not on PATH. Install them (Debian: apt-get install libzookeeper-java default-jre-headless), or name a server of yours: --zookeeper host:port.");
        }

        var server = new ZooKeeperServer(members);
        try
        {
            for (var i = 0; i < members; i++)
            {
                server.Launch(java, i);
            }

            for (var i = 0; i < members; i++)
            {
                var address = server.Addresses[i];
                await server._processes[i].WaitUntilAsync(() => ServesAsync(address), StartLimit);
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a server answers to one of its four-letter words. One that is starting may accept a connection and say nothing on it, ever.</summary>
    /// <exception cref="IOException">It did not answer in time.</exception>
    public static async Task<string> AskAsync(string address, string word)
    {
        using var limit = new CancellationTokenSource(AnswerLimit);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPEndPoint.Parse(address), limit.Token);
            await using var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(word), limit.Token);
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new IOException($"{address} did not answer within {AnswerLimit.TotalSeconds} s.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private static async Task<bool> ServesAsync(string address)
    {
        try
        {
            return (await AskAsync(address, "srvr")).Contains("Mode: ", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    private void Launch(string java, int member)
    {
        var directory = _directory.CreateSubdirectory($"n{member + 1}").FullName;
        List<string> configuration =
        [
            "tickTime=2000", $"dataDir={directory}", $"clientPort={_ports[member].Client}", "clientPortAddress=127.0.0.1", "admin.enableServer=false", "maxClientCnxns=0",
            "forceSync=no", "4lw.commands.whitelist=*", "initLimit=10", "syncLimit=5",
        ];
        if (_ports.Length > 1)
        {
            configuration.AddRange(_ports.Select(static (ports, i) => $"server.{i + 1}=127.0.0.1:{ports.Quorum}:{ports.Election}"));
        }

        File.WriteAllLines(Path.Combine(directory, "zoo.cfg"), configuration);
        File.WriteAllText(Path.Combine(directory, "myid"), $"{member + 1}\n");
        _processes.Add(ServerProcess.Start(java,
        [
            "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-cp", $"{Jars}/zookeeper.jar:{Jars}/slf4j-simple.jar", "org.apache.zookeeper.server.quorum.QuorumPeerMain", Path.Combine(directory, "zoo.cfg"),
        ]));
    }
}
