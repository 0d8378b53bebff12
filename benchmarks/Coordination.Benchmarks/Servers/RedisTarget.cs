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
        var connections = new List<ConnectionMultiplexer>();
        var target = new RedisTarget(endpoints, own, connections);
        foreach (var endpoint in endpoints)
        {
            try
            {
                // INFO is an administrator's command to the driver.
                var options = ConfigurationOptions.Parse(endpoint);
                options.AllowAdmin = true;
                connections.Add(await ConnectionMultiplexer.ConnectAsync(options));
            }
            catch (Exception exception) when (exception is RedisConnectionException or ArgumentException)
            {
                await target.DisposeAsync();
                throw new UsageException(exception is ArgumentException
                    ? $"'{endpoint}' is not the address of a Redis server: {exception.Message}"
                    : $"No Redis server answers at {endpoint}: {exception.Message}");
            }
        }

        return target;
    }
}
