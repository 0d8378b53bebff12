using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>Servers of a ZooKeeper ensemble of our own on free loopback ports, with their data in RAM where there is such a place, which end with us.</summary>
internal sealed class ZooKeeperServer : IAsyncDisposable
{
    private const string Jars = "/usr/share/java";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly List<Process> _processes = [];
    private readonly DirectoryInfo _directory;
    private readonly (int Client, int Quorum, int Election)[] _ports;

    private ZooKeeperServer(int members)
    {
        _directory = Directory.Exists("/dev/shm")
            ? Directory.CreateDirectory($"/dev/shm/coordination-benchmarks-{Guid.NewGuid():N}")
            : Directory.CreateTempSubdirectory("coordination-benchmarks-");
        _ports = FreePorts(members);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>Where clients find them.</summary>
    public IReadOnlyList<string> Addresses => [.. _ports.Select(static ports => $"127.0.0.1:{ports.Client}")];

    /// <summary>The processor time that all servers took.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            var total = TimeSpan.Zero;
            foreach (var process in _processes)
            {
                process.Refresh();
                total += process.TotalProcessorTime;
            }

            return total;
        }
    }

    /// <summary>Starts the servers, and waits until all serve.</summary>
    public static async Task<ZooKeeperServer> StartAsync(int members)
    {
        if (!File.Exists($"{Jars}/zookeeper.jar"))
        {
            throw new UsageException(
                "ZooKeeper was not found in /usr/share/java. Install it (Debian: apt-get install libzookeeper-java default-jre-headless), or name a server of yours: --zookeeper host:port.");
        }

        var server = new ZooKeeperServer(members);
        try
        {
            for (var i = 0; i < members; i++)
            {
                server.Launch(i);
            }

            for (var i = 0; i < members; i++)
            {
                await server.WaitUntilReadyAsync(i);
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>What a server answers to one of its four-letter words.</summary>
    public static async Task<string> AskAsync(string address, string word)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(address));
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(word));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Kill();
        foreach (var process in _processes)
        {
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _directory.Delete(recursive: true);
    }

    /// <summary>All at once, so that no two are the same.</summary>
    private static (int Client, int Quorum, int Election)[] FreePorts(int members)
    {
        var listeners = Enumerable.Range(0, 3 * members).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(static listener => listener.Start());
        var ports = listeners.ConvertAll(static listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(static listener => listener.Dispose());
        return [.. Enumerable.Range(0, members).Select(i => (ports[3 * i], ports[(3 * i) + 1], ports[(3 * i) + 2]))];
    }

    private void Launch(int member)
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
        var process = Process.Start(new ProcessStartInfo(
            "java",
            [
                "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                "-cp", $"{Jars}/zookeeper.jar:{Jars}/slf4j-simple.jar", "org.apache.zookeeper.server.quorum.QuorumPeerMain", Path.Combine(directory, "zoo.cfg"),
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

        // Nobody reads its log, so it must not fill the pipe.
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private async Task WaitUntilReadyAsync(int member)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < StartLimit; await Task.Delay(50))
        {
            if (_processes[member].HasExited)
            {
                throw new UsageException($"ZooKeeper ended with exit code {_processes[member].ExitCode} instead of starting.");
            }

            try
            {
                if ((await AskAsync(Addresses[member], "srvr")).Contains("Mode: ", StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                // Not yet.
            }
        }

        throw new UsageException($"ZooKeeper did not answer at {Addresses[member]} within {StartLimit.TotalSeconds} s.");
    }

    private void OnProcessExit(object? sender, EventArgs e) => Kill();

    private void Kill()
    {
        foreach (var process in _processes.Where(static process => !process.HasExited))
        {
            process.Kill();
        }
    }
}
