using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coordination.Conformance;

namespace Coordination.ZooKeeper.Tests.Servers;

/// <summary>
/// A ZooKeeper in a process of its own on free ports of the loopback, with its data in memory where the machine has such a place: it can be frozen, killed and started again.
/// </summary>
public sealed class ZooKeeperServerProcess : IAsyncDisposable
{
    private const string JarDirectory = "/usr/share/java";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    // What the first two need besides what their manifests name: TLS is Netty's business.
    private static readonly string[] JarNames =
        ["zookeeper", "slf4j-simple", "netty-codec", "netty-resolver", "netty-transport-native-unix-common"];

    private readonly StringBuilder _output = new();
    private readonly string[] _settings;
    private Process? _process;
    private bool _frozen;
    private long _questions;

    /// <summary>Chooses ports. Nothing is started.</summary>
    /// <param name="id">Its number in an ensemble.</param>
    /// <param name="settings">Further lines of its configuration; one that sets what is set here wins.</param>
    public ZooKeeperServerProcess(int id = 1, params string[] settings)
    {
        Id = id;
        _settings = settings;
        var parent = System.IO.Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        Directory = Path.Combine(parent, $"coordination-zookeeper-{Guid.NewGuid():N}");
    }

    /// <summary>The Java that runs it, or <see langword="null"/> where there is none.</summary>
    public static string? Java { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(static directory => Path.Combine(directory, "java"))
            .FirstOrDefault(File.Exists);

    /// <summary>Debian's ZooKeeper, or <see langword="null"/> where there is none.</summary>
    public static string? Jars { get; } = File.Exists(Jar("zookeeper")) ? string.Join(':', JarNames.Select(Jar).Where(File.Exists)) : null;

    /// <summary>Its number in an ensemble.</summary>
    public int Id { get; }

    /// <summary>Where its data is, and its configuration.</summary>
    public string Directory { get; }

    /// <summary>The port for clients, the same after a restart.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>The port for clients with TLS, where the settings say that there is one: see <see cref="Secure"/>.</summary>
    public int SecurePort { get; } = FreePort.Next();

    /// <summary>Where its followers find it while it leads.</summary>
    public int QuorumPort { get; } = FreePort.Next();

    public int ElectionPort { get; } = FreePort.Next();

    /// <summary>Where clients find it.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Port);

    /// <summary>The members of its ensemble as it sees them, as lines of its configuration; none for a server by itself.</summary>
    public IReadOnlyList<string> Ensemble { get; set; } = [];

    /// <summary>Its unit of time, in milliseconds: sessions last at least two and are ended up to one late.</summary>
    public int TickTime { get; init; } = 200;

    /// <summary>How often it removes empty containers, in milliseconds. Often, so that tests meet it; a minute is usual.</summary>
    public int ContainerCheckInterval { get; init; } = 1000;

    /// <summary>The server's key with its certificate, and the authorities of clients, in PEM files: then it listens on <see cref="SecurePort"/> too.</summary>
    public (string Key, string Authorities)? Secure { get; init; }

    public bool IsRunning => _process is not null;

    /// <summary>Starts it, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        Launch();
        await ReadyAsync();
    }

    /// <summary>Starts it. One of several does not answer before most of them run.</summary>
    public void Launch()
    {
        if (_process is not null)
        {
            throw new InvalidOperationException("The server runs already.");
        }

        System.IO.Directory.CreateDirectory(Directory);
        var configuration = Path.Combine(Directory, "zoo.cfg");
        File.WriteAllLines(configuration, Configuration());
        File.WriteAllText(Path.Combine(Directory, "myid"), $"{Id}\n");
        var start = new ProcessStartInfo(Java ?? throw new InvalidOperationException("There is no Java."))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "-Xms32m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-Xshare:auto",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                $"-Dznode.container.checkIntervalMs={ContainerCheckInterval}",
                "-cp", Jars ?? throw new InvalidOperationException("There is no ZooKeeper."),
                "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                configuration,
            },
        };
        var process = Process.Start(start) ?? throw new InvalidOperationException("Could not start ZooKeeper.");
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Waits until it serves: as one by itself, or as a member of an ensemble with a leader.</summary>
    public async Task ReadyAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while (!await ServesAsync())
        {
            if (_process is not { HasExited: false } || Stopwatch.GetElapsedTime(began) > StartLimit)
            {
                var said = Output();
                await KillAsync();
                throw new InvalidOperationException($"ZooKeeper on port {Port} did not start. It said:\n{said}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>What it answers to one of its four-letter words.</summary>
    public async Task<string> AskAsync(string word)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(EndPoint, limit.Token);
        await socket.SendAsync(Encoding.ASCII.GetBytes(word), limit.Token);
        Interlocked.Increment(ref _questions);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(limit.Token);
    }

    /// <summary>How many messages clients have sent, but for recalls: requests, handshakes and pings.</summary>
    public Task<long> CountRequestsAsync() => Recalls.LeaveOutAsync(CountMessagesAsync, Address);

    /// <summary>How many messages clients have sent.</summary>
    public async Task<long> CountMessagesAsync()
    {
        // It counts these questions too, and this one before it answers.
        var received = Line(await AskAsync("srvr"), "Received: ");
        return long.Parse(received, CultureInfo.InvariantCulture) - Volatile.Read(ref _questions);
    }

    /// <summary>A number of its many: see its documentation of <c>mntr</c>.</summary>
    public async Task<long> MetricAsync(string name) =>
        long.Parse(Line(await AskAsync("mntr"), name + "\t"), CultureInfo.InvariantCulture);

    /// <summary>Whether it leads its ensemble. One that is frozen or starting does not.</summary>
    public async Task<bool> IsLeaderAsync()
    {
        try
        {
            return (await AskAsync("srvr")).Contains("Mode: leader", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Stops its threads where they are. Its connections stay open and nothing is answered.</summary>
    public async Task FreezeAsync()
    {
        await SignalAsync("STOP");
        _frozen = true;
    }

    /// <summary>Lets it go on.</summary>
    public async Task ResumeAsync()
    {
        await SignalAsync("CONT");
        _frozen = false;
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        _process = null;
        _frozen = false;
        if (!process.HasExited)
        {
            process.Kill();
        }

        await process.WaitForExitAsync();
        process.Dispose();
        Volatile.Write(ref _questions, 0);
    }

    /// <summary>Drops what it knew, while it does not run.</summary>
    public void DropData()
    {
        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    /// <summary>What it has said so far.</summary>
    public string Output()
    {
        lock (_output)
        {
            return _output.ToString();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_frozen)
        {
            await ResumeAsync();
        }

        await KillAsync();
        DropData();
    }

    private static string Jar(string name) => Path.Combine(JarDirectory, name + ".jar");

    private static string Line(string answer, string start) =>
        answer.Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))?[start.Length..]
            ?? throw new IOException($"The server answered without '{start}': {answer}");

    private IEnumerable<string> Configuration()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["tickTime"] = $"{TickTime}",
            ["dataDir"] = Directory,
            ["clientPort"] = $"{Port}",
            ["clientPortAddress"] = "127.0.0.1",
            ["admin.enableServer"] = "false",
            ["maxClientCnxns"] = "0",
            ["extendedTypesEnabled"] = "true",
            ["forceSync"] = "no",
            ["4lw.commands.whitelist"] = "*",

            // The longest lease is one of a day.
            ["maxSessionTimeout"] = "172800000",
        };
        if (Ensemble.Count > 0)
        {
            settings["initLimit"] = "50";
            settings["syncLimit"] = "15";
        }

        if (Secure is { } secure)
        {
            settings["serverCnxnFactory"] = "org.apache.zookeeper.server.NettyServerCnxnFactory";
            settings["secureClientPort"] = $"{SecurePort}";
            settings["secureClientPortAddress"] = "127.0.0.1";
            settings["ssl.keyStore.location"] = secure.Key;
            settings["ssl.trustStore.location"] = secure.Authorities;
        }

        foreach (var setting in _settings)
        {
            var separator = setting.IndexOf('=', StringComparison.Ordinal);
            settings[setting[..separator]] = setting[(separator + 1)..];
        }

        return settings.Select(static setting => $"{setting.Key}={setting.Value}").Concat(Ensemble);
    }

    // Whoever answers at the port must be this process: its directory is its alone.
    private async Task<bool> ServesAsync()
    {
        try
        {
            return (await AskAsync("srvr")).Contains("Mode: ", StringComparison.Ordinal) &&
                (await AskAsync("conf")).Contains(Path.GetFileName(Directory), StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task SignalAsync(string signal)
    {
        var id = _process?.Id ?? throw new InvalidOperationException("The server does not run.");
        using var kill = Process.Start("kill", ["-s", signal, $"{id}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"Could not send SIG{signal} to process {id}.");
        }
    }

    private void Note(object sender, DataReceivedEventArgs e)
    {
        lock (_output)
        {
            _output.AppendLine(e.Data);
        }
    }
}
