namespace Coordination.InMemory;

/// <summary>Somebody who is told when a resource's holders change, until disposed.</summary>
internal sealed class InMemoryWatch(InMemoryServer server, InMemoryBackend connection, string resource, Action changed) : IAsyncDisposable
{
    public InMemoryBackend Connection { get; } = connection;

    public string Resource { get; } = resource;

    public Action Changed { get; } = changed;

    public ValueTask DisposeAsync()
    {
        server.Unwatch(this);
        return ValueTask.CompletedTask;
    }
}
