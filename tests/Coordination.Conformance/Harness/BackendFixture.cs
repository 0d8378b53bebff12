namespace Coordination.Conformance;

/// <summary>
/// A backend under test. Each suite class has one as its class fixture: one server for the cases that leave it whole, and servers of
/// their own for the cases that break it.
/// </summary>
public abstract class BackendFixture : IAsyncLifetime
{
    private Task<BackendServer>? _shared;

    /// <summary>For messages: <c>Redis</c>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The server that the cases of a class share, one after the other. It is started by the first of them, not with the fixture: a case can be skipped where
    /// there is no server, a fixture only fails.
    /// </summary>
    public Task<BackendServer> Shared => _shared ??= StartSharedServerAsync().AsTask();

    /// <summary>Whether each case gets a server, and with it a clock, of its own: where that costs nothing.</summary>
    public virtual bool OneServerPerCase => false;

    /// <summary>Starts a server.</summary>
    public abstract ValueTask<BackendServer> StartServerAsync();

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        if (_shared is { IsCompletedSuccessfully: true })
        {
            await (await _shared).DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the server that is shared, or connects to one that is there already: no case breaks it.</summary>
    protected virtual ValueTask<BackendServer> StartSharedServerAsync() => StartServerAsync();
}
