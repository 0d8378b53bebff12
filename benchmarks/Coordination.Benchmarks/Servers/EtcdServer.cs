using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>Members of an etcd cluster of our own on free loopback ports, with their data in RAM where there is such a place, which end with us.</summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly List<Process> _processes = [];
    private readonly DirectoryInfo _directory;
    private readonly (int Client, int Peer)[] _ports;

    private EtcdServer(int members)
    {
        _directory = Directory.Exists("/dev/shm")
            ? Directory.CreateDirectory($"/dev/shm/coordination-benchmarks-{Guid.NewGuid():N}")
            : Directory.CreateTempSubdirectory("coordination-benchmarks-");
        _ports = FreePorts(members);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>
    /// Where clients find it; a client that wants one member takes the first. That is the leader, so that all runs are alike: a follower passes requests on, and a hand-off over it takes
    /// half as long again.
    /// </summary>
    public IReadOnlyList<string> Addresses => [.. _ports.Select(static ports => Address(ports.Client))];

    public static bool IsInstalled => FindProgram() is not null;

    /// <summary>Starts the members, and waits until all know a leader.</summary>
    public static async Task<EtcdServer> StartAsync(int members)
    {
        var program = FindProgram()
            ?? throw new UsageException("etcd was not found on PATH. Install it (Debian: apt-get install etcd-server), or name a server of yours: --etcd host:port.");
        var server = new EtcdServer(members);
        try
        {
            server.Launch(program);
            for (var i = 0; i < members; i++)
            {
                await server.WaitUntilReadyAsync(i);
            }

            await server.PutLeaderFirstAsync();

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
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

    private static string? FindProgram() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .SelectMany(static directory => new[] { Path.Combine(directory, "etcd"), Path.Combine(directory, "etcd.exe") })
            .FirstOrDefault(File.Exists);

    /// <summary>All at once, so that no two are the same.</summary>
    private static (int Client, int Peer)[] FreePorts(int members)
    {
        var listeners = Enumerable.Range(0, 2 * members).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(static listener => listener.Start());
        var ports = listeners.ConvertAll(static listener => ((IPEndPoint)listener.LocalEndpoint).Port);
        listeners.ForEach(static listener => listener.Dispose());
        return [.. Enumerable.Range(0, members).Select(i => (ports[2 * i], ports[(2 * i) + 1]))];
    }

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private void Launch(string program)
    {
        var cluster = string.Join(',', _ports.Select(static (ports, i) => $"n{i}={Address(ports.Peer)}"));
        for (var i = 0; i < _ports.Length; i++)
        {
            var (client, peer) = (Address(_ports[i].Client), Address(_ports[i].Peer));
            var process = Process.Start(new ProcessStartInfo(
                program,
                [
                    "--name", $"n{i}", "--data-dir", Path.Combine(_directory.FullName, $"n{i}"), "--listen-client-urls", client, "--advertise-client-urls", client,
                    "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--logger", "zap", "--log-level", "error",
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
    }

    private async Task WaitUntilReadyAsync(int member)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < StartLimit; await Task.Delay(50))
        {
            if (_processes[member].HasExited)
            {
                throw new UsageException($"etcd ended with exit code {_processes[member].ExitCode} instead of starting.");
            }

            try
            {
                if ((await Http.GetStringAsync(new Uri($"{Addresses[member]}/health"))).Contains("true", StringComparison.Ordinal))
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                // Not yet.
            }
        }

        throw new UsageException($"etcd did not answer at {Addresses[member]} within {StartLimit.TotalSeconds} s.");
    }

    private async Task PutLeaderFirstAsync()
    {
        for (var i = 1; i < _ports.Length; i++)
        {
            if ((await Http.GetStringAsync(new Uri($"{Addresses[i]}/metrics"))).Contains("\netcd_server_is_leader 1\n", StringComparison.Ordinal))
            {
                (_ports[0], _ports[i]) = (_ports[i], _ports[0]);
                return;
            }
        }
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
