using System.Globalization;
using Coordination.Benchmarks.CommandLine;

namespace Coordination.Benchmarks.Servers;

/// <summary>The etcd that a run uses: members of its own, or the user's.</summary>
internal sealed class EtcdTarget : IServers
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly EtcdServer? _own;
    private readonly IReadOnlyList<string> _addresses;

    private EtcdTarget(IReadOnlyList<string> addresses, EtcdServer? own, string version)
    {
        _addresses = addresses;
        _own = own;
        Description = $"etcd {version} at {string.Join(',', addresses)}, {(own is null ? "given by --etcd" : "started for this run: data in RAM, defaults otherwise")}";
    }

    public string Description { get; }

    public string Connection => string.Join(',', _addresses);

    /// <summary>The one member that peers without a choice of members talk to; ours uses the same as long as it answers.</summary>
    public Uri First => new(_addresses[0]);

    public static async Task<EtcdTarget> OpenAsync(string? given, int members)
    {
        var own = given is null ? await EtcdServer.StartAsync(members) : null;
        IReadOnlyList<string> addresses = own?.Addresses
            ?? [.. given!.Split(',').Select(static address => address.Contains("://", StringComparison.Ordinal) ? address : $"http://{address}")];
        try
        {
            var versions = await Task.WhenAll(addresses.Select(static address => Http.GetStringAsync(new Uri($"{address}/version"))));
            var version = versions[0];
            return new EtcdTarget(addresses, own, version.Split('"') is [_, "etcdserver", _, var number, ..] ? number : "of unknown version");
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or UriFormatException)
        {
            await (own?.DisposeAsync() ?? default);
            throw new UsageException($"No etcd answers at {string.Join(" or ", addresses)}: {exception.Message}");
        }
    }

    /// <summary>What clients have sent to all members so far: requests, and what goes over streams; keep-alives aside.</summary>
    public async Task<long?> RequestsAsync()
    {
        var count = 0.0;
        foreach (var address in _addresses)
        {
            count += (await MetricsAsync(address))
                .Where(static line => line.StartsWith("grpc_server_msg_received_total{", StringComparison.Ordinal) && !line.Contains("LeaseKeepAlive", StringComparison.Ordinal))
                .Sum(Value);
        }

        return (long)count;
    }

    /// <summary>The processor time that all members took.</summary>
    public async Task<TimeSpan> ProcessorTimeAsync()
    {
        var seconds = 0.0;
        foreach (var address in _addresses)
        {
            seconds += (await MetricsAsync(address)).Where(static line => line.StartsWith("process_cpu_seconds_total ", StringComparison.Ordinal)).Sum(Value);
        }

        return TimeSpan.FromSeconds(seconds);
    }

    public ValueTask DisposeAsync() => _own?.DisposeAsync() ?? default;

    private static async Task<string[]> MetricsAsync(string address) => (await Http.GetStringAsync(new Uri($"{address}/metrics"))).Split('\n');

    private static double Value(string line) => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture);
}
