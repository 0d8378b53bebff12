namespace Coordination.Conformance;

/// <summary>
/// A backend under test. Each suite class has one as its class fixture: one server for the cases that leave it whole, and servers of
/// their own for the cases that break it.
/// </summary>
public abstract class BackendFixture : IAsyncLifetime
{
    private BackendServer? _shared;

    /// <summary>For messages: <c>Redis</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The server that the cases of a class share, one after the other.</summary>
    public BackendServer Shared => _shared ?? throw new InvalidOperationException($"{Name}: the fixture is not initialized.");

    /// <summary>Whether each case gets a server, and with it a clock, of its own: where that costs nothing.</summary>
    public virtual bool OneServerPerCase => false;

    /// <summary>Starts a server.</summary>
    public abstract ValueTask<BackendServer> StartServerAsync();

    public virtual async ValueTask InitializeAsync() => _shared = await StartSharedServerAsync();

    public virtual async ValueTask DisposeAsync()
    {
        if (_shared is not null)
        {
            await _shared.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the server that is shared, or connects to one that is there already: no case breaks it.</summary>
    protected virtual ValueTask<BackendServer> StartSharedServerAsync() => StartServerAsync();
}
