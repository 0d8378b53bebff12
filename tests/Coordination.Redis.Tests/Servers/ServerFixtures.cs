namespace Coordination.Redis.Tests.Servers;

/// <summary>A server for the tests of a class, without faults.</summary>
public interface IServerFixture : IAsyncLifetime
{
    /// <summary>Starts it if that was not done yet; skips the test where there is none (on CI, where CI=true, it fails).</summary>
    /// <returns>Host and port.</returns>
    ValueTask<string> RequireAsync();
}

/// <summary>The server at COORDINATION_REDIS where that is set, or a redis-server.</summary>
public sealed class RedisFixture : IServerFixture
{
    private RedisServerProcess? _server;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask<string> RequireAsync()
    {
        if (Environment.GetEnvironmentVariable("COORDINATION_REDIS") is { Length: > 0 } given)
        {
            return given;
        }

        if (_server is null)
        {
            Missing.SkipIf(RedisServerProcess.Program is null, "redis-server");
            _server = new RedisServerProcess();
            await _server.StartAsync();
        }

        return _server.EndPoint;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>A Garnet server.</summary>
public sealed class GarnetFixture : IServerFixture
{
    private GarnetServerProcess? _server;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask<string> RequireAsync()
    {
        if (_server is null)
        {
            Missing.SkipIf(!File.Exists(GarnetServerProcess.Program), GarnetServerProcess.Program);
            _server = new GarnetServerProcess();
            await _server.StartAsync();
        }

        return _server.EndPoint;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
