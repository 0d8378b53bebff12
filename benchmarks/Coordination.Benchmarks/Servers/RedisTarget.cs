using Coordination.Benchmarks.CommandLine;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Servers;

/// <summary>The server that a run uses: one of its own, or the user's.</summary>
internal sealed class RedisTarget : IAsyncDisposable
{
    private readonly RedisServer? _own;
    private readonly ConnectionMultiplexer _connection;

    private RedisTarget(string endpoint, RedisServer? own, ConnectionMultiplexer connection, Version version)
    {
        Endpoint = endpoint;
        _own = own;
        _connection = connection;
        Version = version;
    }

    public string Endpoint { get; }

    public Version Version { get; }

    public string Description => $"Redis {Version} at {Endpoint}, {(_own is not null ? "started for this run, in RAM" : "given by --redis")}";

    /// <summary>What the server says of its own work.</summary>
    public ServerCounters Counters => new(_connection);

    public static async Task<RedisTarget> OpenAsync(string? given)
    {
        var own = given is null ? await RedisServer.StartAsync() : null;
        var endpoint = own?.Endpoint ?? given!;
        try
        {
            // INFO is an administrator's command to the driver.
            var options = ConfigurationOptions.Parse(endpoint);
            options.AllowAdmin = true;
            var connection = await ConnectionMultiplexer.ConnectAsync(options);
            return new RedisTarget(endpoint, own, connection, connection.GetServers()[0].Version);
        }
        catch (RedisConnectionException exception)
        {
            await (own?.DisposeAsync() ?? default);
            throw new UsageException($"No Redis server answers at {endpoint}: {exception.Message}");
        }
        catch (ArgumentException exception)
        {
            throw new UsageException($"--redis {endpoint} is not an address: {exception.Message}");
        }
    }

    /// <summary>A connection as every implementation gets one: StackExchange.Redis with its defaults.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(string endpoint) => await ConnectionMultiplexer.ConnectAsync(endpoint);

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await (_own?.DisposeAsync() ?? default);
    }
}
