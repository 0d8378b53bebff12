namespace Coordination.InMemory;

/// <summary>One who takes hints at the client's end of a connection: a session or a watch.</summary>
internal abstract class Subscriber(InMemoryBackend connection)
{
    private volatile bool _isClosed;

    public InMemoryBackend Connection { get; } = connection;

    public bool IsClosed => _isClosed;

    public void TryReceive(in Hint hint)
    {
        if (!_isClosed)
        {
            Receive(hint);
        }
    }

    protected abstract void Receive(in Hint hint);

    /// <summary>From now on it receives nothing.</summary>
    protected void Close()
    {
        _isClosed = true;
        Connection.Unsubscribe(this);
    }
}
