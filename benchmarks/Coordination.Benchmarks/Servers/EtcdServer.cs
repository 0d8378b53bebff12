using System.Globalization;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>Members of an etcd cluster of our own on free loopback ports, with their data in RAM where there is such a place.</summary>
internal sealed class EtcdServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly List<ServerProcess> _processes = [];
    private readonly DirectoryInfo _directory = ServerProcess.MakeDirectory();
    private readonly (int Client, int Peer)[] _ports;

    private EtcdServer(int members)
    {
        var ports = ServerProcess.FreePorts(2 * members);
        _ports = [.. ports.Chunk(2).Select(static pair => (pair[0], pair[1]))];
    }

    /// <summary>
    /// Where clients find it; a client that wants one member takes the first. That is the leader, so that all runs are alike: a follower passes requests on, and a hand-off over it takes
    /// half as long again.
    /// </summary>
    public IReadOnlyList<string> Addresses => [.. _ports.Select(static ports => Address(ports.Client))];

    /// <summary>Starts the members, and waits until all know a leader.</summary>
    public static async Task<EtcdServer> StartAsync(int members)
    {
        var program = ServerProcess.Find("etcd")
            ?? throw new UsageException("etcd was not found on PATH. Install it (Debian: apt-get install etcd-server), or name a server of yours: --etcd host:port.");
        var server = new EtcdServer(members);
        try
        {
            server.Launch(program);
            for (var i = 0; i < members; i++)
            {
                var address = server.Addresses[i];
                await server._processes[i].WaitUntilAsync(() => IsHealthyAsync(address), StartLimit);
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
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static async Task<bool> IsHealthyAsync(string address)
    {
        try
        {
            return (await Http.GetStringAsync(new Uri($"{address}/health"))).Contains("true", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private void Launch(string program)
    {
        var cluster = string.Join(',', _ports.Select(static (ports, i) => $"n{i}={Address(ports.Peer)}"));
        for (var i = 0; i < _ports.Length; i++)
        {
            var (client, peer) = (Address(_ports[i].Client), Address(_ports[i].Peer));
            _processes.Add(ServerProcess.Start(program,
            [
                "--name", $"n{i}", "--data-dir", Path.Combine(_directory.FullName, $"n{i}"), "--listen-client-urls", client, "--advertise-client-urls", client,
                "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster, "--logger", "zap", "--log-level", "error",
            ]));
        }
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
}
