using Coordination.Benchmarks.CommandLine;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Servers;

/// <summary>The Redis servers that a run uses, one or the independent masters of Redlock: of its own, or the user's.</summary>
internal sealed class RedisTarget : IServers
{
    private readonly IReadOnlyList<RedisServer> _own;
    private readonly IReadOnlyList<string> _endpoints;
    private readonly IReadOnlyList<ConnectionMultiplexer> _connections;

    private RedisTarget(IReadOnlyList<string> endpoints, IReadOnlyList<RedisServer> own, IReadOnlyList<ConnectionMultiplexer> connections)
    {
        _endpoints = endpoints;
        _own = own;
        _connections = connections;
    }

    /// <summary>The servers that it started, which may be frozen.</summary>
    public IReadOnlyList<RedisServer> Own => _own;

    public string Connection => string.Join(',', _endpoints);

    public string Description =>
        $"Redis {_connections[0].GetServers()[0].Version} at {Connection}, {(_own.Count > 0 ? "started for this run: save '', appendonly no" : "given on the command line")}";

    /// <summary>One server.</summary>
    /// <param name="given">Where it is, as StackExchange.Redis writes it; <see langword="null"/> to start one.</param>
    public static Task<RedisTarget> OpenAsync(string? given) => OpenAsync(given is null ? null : [given], 1);

    /// <summary>Independent masters.</summary>
    /// <param name="given">Where they are; <see langword="null"/> to start them.</param>
    /// <param name="count">How many to start.</param>
    public static async Task<RedisTarget> OpenMastersAsync(string? given, int count)
    {
        string[]? endpoints = given?.Split(',', StringSplitOptions.TrimEntries);
        if (endpoints is not null && (endpoints.Length < 3 || endpoints.Length % 2 == 0))
        {
            throw new UsageException($"--redlock wants an odd number of masters, 3 or more; it was given {endpoints.Length}.");
        }

        return await OpenAsync(endpoints, count);
    }

    /// <summary>A connection as every implementation gets one: StackExchange.Redis with its defaults.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(string endpoint) => await ConnectionMultiplexer.ConnectAsync(endpoint);

    public async Task<long?> RequestsAsync()
    {
        var counts = await Task.WhenAll(_connections.Select(ServerCounters.CommandsAsync));
        return counts.Sum();
    }

    public async Task<TimeSpan> ProcessorTimeAsync()
    {
        var times = await Task.WhenAll(_connections.Select(ServerCounters.ProcessorTimeAsync));
        return times.Aggregate(TimeSpan.Zero, static (sum, time) => sum + time);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        foreach (var server in _own)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<RedisTarget> OpenAsync(IReadOnlyList<string>? given, int count)
    {
        var own = given is null ? await RedisServer.StartAsync(count) : [];
        var endpoints = given ?? [.. own.Select(static server => server.Endpoint)];
        List<ConfigurationOptions> options = [.. endpoints.Select(Parse)];
        var attempts = await Task.WhenAll(options.Select(TryConnectAsync));
        var target = new RedisTarget(endpoints, own, [.. attempts.Select(static attempt => attempt.Connection).OfType<ConnectionMultiplexer>()]);
        List<int> absent = [.. Enumerable.Range(0, endpoints.Count).Where(i => attempts[i].Connection is null)];
        if (absent.Count > 0)
        {
            await target.DisposeAsync();
            throw new UsageException(
                $"No Redis server answers at {string.Join(", ", absent.Select(i => endpoints[i]))}. Start it, or leave the option out: servers are then started for the run. The driver says: {attempts[absent[0]].Error}");
        }

        return target;
    }

    private static ConfigurationOptions Parse(string endpoint)
    {
        try
        {
            var options = ConfigurationOptions.Parse(endpoint);
            options.AllowAdmin = true; // INFO is an administrator's command to the driver
            return options;
        }
        catch (ArgumentException exception)
        {
            throw new UsageException($"'{endpoint}' is not the address of a Redis server: {exception.Message}");
        }
    }

    private static async Task<(ConnectionMultiplexer? Connection, string? Error)> TryConnectAsync(ConfigurationOptions options)
    {
        try
        {
            return (await ConnectionMultiplexer.ConnectAsync(options), null);
        }
        catch (RedisConnectionException exception)
        {
            return (null, exception.Message);
        }
    }
}
