using System.Globalization;
using System.Net.Sockets;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>The ZooKeeper that a run uses: servers of its own, or the user's.</summary>
internal sealed class ZooKeeperTarget : IServers
{
    private readonly ZooKeeperServer? _own;
    private readonly IReadOnlyList<string> _addresses;
    private long _questions;

    private ZooKeeperTarget(IReadOnlyList<string> addresses, ZooKeeperServer? own, string version)
    {
        _addresses = addresses;
        _own = own;
        Description = $"ZooKeeper {version} at {string.Join(',', addresses)}, {(own is null ? "given by --zookeeper" : "started for this run: data in RAM, tickTime=2000, forceSync=no")}";
    }

    public string Description { get; }

    public string Connection => string.Join(',', _addresses);

    public static async Task<ZooKeeperTarget> OpenAsync(string? given, int members)
    {
        var own = given is null ? await ZooKeeperServer.StartAsync(members) : null;
        var addresses = own?.Addresses ?? given!.Split(',');
        try
        {
            var version = (await Task.WhenAll(addresses.Select(static address => ZooKeeperServer.AskAsync(address, "srvr"))))[0];
            return new ZooKeeperTarget(addresses, own, version.StartsWith("Zookeeper version: ", StringComparison.Ordinal) ? version.Split(' ', '-')[2] : "of unknown version");
        }
        catch (Exception exception) when (exception is SocketException or IOException or FormatException)
        {
            await (own?.DisposeAsync() ?? default);
            throw new UsageException($"No ZooKeeper answers at {string.Join(" or ", addresses)} (an address and a port): {exception.Message}");
        }
    }

    /// <summary>What clients have sent to all servers so far. A session that is idle for ten seconds pings.</summary>
    public async Task<long?> RequestsAsync()
    {
        var count = 0L;
        foreach (var address in _addresses)
        {
            // It counts these questions too, and this one before it answers.
            var line = (await ZooKeeperServer.AskAsync(address, "srvr")).Split('\n').First(static line => line.StartsWith("Received: ", StringComparison.Ordinal));
            count += long.Parse(line.AsSpan("Received: ".Length), CultureInfo.InvariantCulture);
            _questions++;
        }

        return count - _questions;
    }

    /// <summary>The processor time that our own servers took.</summary>
    public Task<TimeSpan> ProcessorTimeAsync() => Task.FromResult(_own?.ProcessorTime ?? TimeSpan.Zero);

    public ValueTask DisposeAsync() => _own?.DisposeAsync() ?? default;
}
