namespace Coordination.InMemory;

/// <summary>
/// Hints on their way to their connections, delivered in order and outside the server's lock: a listener may, by way of a fake clock, call the server again
/// before it returns.
/// </summary>
internal sealed class HintQueue
{
    private readonly Lock _gate = new();
    private readonly Queue<(InMemoryBackend Connection, Action Hint)> _hints = new();
    private bool _isDelivering;
    private bool _isHeld;

    public void Add(InMemoryBackend connection, Action hint)
    {
        lock (_gate)
        {
            _hints.Enqueue((connection, hint));
        }
    }

    /// <summary>Keeps hints back, or lets them go again.</summary>
    public void Hold(bool isHeld)
    {
        lock (_gate)
        {
            _isHeld = isHeld;
        }
    }

    public void Deliver()
    {
        lock (_gate)
        {
            // Whoever delivers already delivers these too.
            if (_isDelivering)
            {
                return;
            }

            _isDelivering = true;
        }

        while (true)
        {
            (InMemoryBackend Connection, Action Hint) next;
            lock (_gate)
            {
                if (_isHeld || !_hints.TryDequeue(out next))
                {
                    _isDelivering = false;
                    return;
                }
            }

            next.Connection.Deliver(next.Hint);
        }
    }
}
