namespace Coordination.InMemory;

/// <summary>One watch of one resource, at the client's end: told when the resource's holders change, until disposed.</summary>
internal sealed class InMemoryWatch(InMemoryBackend connection, string resource, Action changed) : Subscriber(connection), IAsyncDisposable
{
    public string Resource { get; } = resource;

    public ValueTask DisposeAsync()
    {
        Close();
        Connection.Server.Unwatch(this);
        return ValueTask.CompletedTask;
    }

    protected override void Receive(in Hint hint) => changed();
}
