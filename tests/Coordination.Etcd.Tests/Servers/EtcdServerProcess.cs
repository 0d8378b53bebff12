using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Coordination.Conformance;

namespace Coordination.Etcd.Tests.Servers;

/// <summary>
/// An etcd in a process of its own on free ports of the loopback, with its data in memory where the machine has such a place: it can be frozen, killed and started again.
/// </summary>
public sealed class EtcdServerProcess : IAsyncDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _output = new();
    private readonly string _directory;
    private readonly string[] _arguments;
    private readonly int _metricsPort = FreePort.Next();
    private readonly int _peerPort = FreePort.Next();
    private Process? _process;
    private bool _frozen;

    /// <summary>Chooses ports. Nothing is started.</summary>
    /// <param name="name">The member's name.</param>
    /// <param name="scheme">http or https, for clients.</param>
    /// <param name="arguments">Further arguments of etcd.</param>
    public EtcdServerProcess(string name = "n1", string scheme = "http", params string[] arguments)
    {
        Name = name;
        _arguments = arguments;
        Address = $"{scheme}://127.0.0.1:{Port}";
        var parent = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();
        _directory = Path.Combine(parent, $"coordination-etcd-{Guid.NewGuid():N}");
        PeerAddress = $"http://{PeerEndPoint}";
        InitialCluster = $"{Name}={PeerAddress}";
    }

    /// <summary>The program, or <see langword="null"/> where there is none.</summary>
    public static string? Program { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/local/bin")
            .Select(static directory => Path.Combine(directory, "etcd"))
            .FirstOrDefault(File.Exists);

    public string Name { get; }

    /// <summary>The port for clients, the same after a restart.</summary>
    public int Port { get; } = FreePort.Next();

    /// <summary>Where clients find it.</summary>
    public string Address { get; }

    public IPEndPoint EndPoint => new(IPAddress.Loopback, Port);

    /// <summary>Where it listens for other members.</summary>
    public IPEndPoint PeerEndPoint => new(IPAddress.Loopback, _peerPort);

    /// <summary>Where other members find it: at that port, or by a gate before it.</summary>
    public string PeerAddress { get; set; }

    /// <summary>All members, as etcd writes it.</summary>
    public string InitialCluster { get; set; }

    /// <summary>Whether it joins a cluster that is there.</summary>
    public bool JoinsExisting { get; set; }

    /// <summary>How fast it notices the loss of a leader. Leases are at least one and a half of the election timeout, in whole seconds.</summary>
    public (int Heartbeat, int Election) Timing { get; set; } = (50, 500);

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

        var start = new ProcessStartInfo(Program ?? throw new InvalidOperationException("There is no etcd."))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                "--name", Name,
                "--data-dir", _directory,
                "--listen-client-urls", Address,
                "--advertise-client-urls", Address,
                "--listen-peer-urls", $"http://{PeerEndPoint}",
                "--initial-advertise-peer-urls", PeerAddress,
                "--initial-cluster", InitialCluster,
                "--initial-cluster-state", JoinsExisting ? "existing" : "new",
                "--listen-metrics-urls", $"http://127.0.0.1:{_metricsPort}",
                "--heartbeat-interval", Timing.Heartbeat.ToString(CultureInfo.InvariantCulture),
                "--election-timeout", Timing.Election.ToString(CultureInfo.InvariantCulture),
                "--logger", "zap",
                "--log-level", "warn",
            },
        };
        foreach (var argument in _arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("Could not start etcd.");
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>Waits until it answers as a member of a cluster with a leader.</summary>
    public async Task ReadyAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while (!await IsHealthyAsync())
        {
            if (_process is not { HasExited: false } || Stopwatch.GetElapsedTime(began) > StartLimit)
            {
                string said;
                lock (_output)
                {
                    said = _output.ToString();
                }

                await KillAsync();
                throw new InvalidOperationException($"etcd on port {Port} did not start. It said:\n{said}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Its metrics, as it writes them.</summary>
    public Task<string> MetricsAsync() => Http.GetStringAsync(new Uri($"http://127.0.0.1:{_metricsPort}/metrics"));

    /// <summary>How many messages clients have sent: requests, and what goes over streams.</summary>
    public async Task<long> CountRequestsAsync()
    {
        var count = 0L;
        foreach (var line in (await MetricsAsync()).Split('\n'))
        {
            if (line.StartsWith("grpc_server_msg_received_total{", StringComparison.Ordinal))
            {
                count += (long)double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
            }
        }

        return count;
    }

    /// <summary>A number among its metrics.</summary>
    public async Task<double> MetricAsync(string name) =>
        (await MetricsAsync()).Split('\n').FirstOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal)) is { } line
            ? double.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture)
            : 0;

    /// <summary>Whether it leads its cluster.</summary>
    public async Task<bool> IsLeaderAsync() => (await MetricsAsync()).Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal);

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
    }

    /// <summary>Drops what it knew, while it does not run.</summary>
    public void DropData()
    {
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
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

    private async Task<bool> IsHealthyAsync()
    {
        try
        {
            return (await Http.GetStringAsync(new Uri($"http://127.0.0.1:{_metricsPort}/health"))).Contains("true", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
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
