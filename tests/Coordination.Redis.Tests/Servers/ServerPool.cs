namespace Coordination.Redis.Tests.Servers;

/// <summary>
/// Servers that go from class to class, and the next one at hand for a case that wants its own to break: for servers that take seconds to start, most of which they wait.
/// </summary>
/// <typeparam name="T">The kind of server.</typeparam>
/// <param name="start">Starts one.</param>
public abstract class ServerPool<T>(Func<Task<T>> start) : IAsyncLifetime
    where T : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Stack<T> _whole = new();
    private Task<T>? _next;

    /// <summary>One that nobody else uses now, and that is given back whole.</summary>
    /// <returns>The server.</returns>
    public async Task<T> RentAsync()
    {
        lock (_gate)
        {
            if (_whole.TryPop(out var server))
            {
                return server;
            }
        }

        return await TakeAsync();
    }

    /// <summary>Gives one back.</summary>
    /// <param name="server">The server, unbroken.</param>
    public ValueTask ReturnAsync(T server)
    {
        lock (_gate)
        {
            _whole.Push(server);
        }

        return default;
    }

    /// <summary>One to break. Whoever takes it disposes it.</summary>
    /// <returns>The server.</returns>
    public Task<T> TakeAsync()
    {
        lock (_gate)
        {
            var taken = _next ?? start();
            _next = start();
            return taken;
        }
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in _whole)
        {
            await server.DisposeAsync();
        }

        if (_next is not null)
        {
            await (await _next).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
