using System.Diagnostics.CodeAnalysis;

namespace Coordination.InMemory;

/// <summary>
/// The hints that the server has raised and not yet sent. They are added under the server's lock and delivered outside it, in their order, by one thread
/// at a time: a listener that calls the server back meets no lock and no half-done change.
/// </summary>
internal sealed class HintQueue(Lock gate)
{
    private readonly Queue<(Subscriber To, Hint Hint)> _hints = [];
    private bool _isDelivering;

    /// <summary>Read and written under the server's lock, like <see cref="IsEmpty"/>.</summary>
    public bool IsHeldBack { get; set; }

    public bool IsEmpty => _hints.Count == 0;

    /// <summary>Called under the server's lock.</summary>
    public void Add(Subscriber? to, Hint hint)
    {
        if (to is { IsClosed: false })
        {
            _hints.Enqueue((to, hint));
        }
    }

    /// <summary>Called outside the server's lock.</summary>
    public void Deliver()
    {
        lock (gate)
        {
            if (_isDelivering)
            {
                // By another thread, or by this one further up its stack: it goes on until nothing is left.
                return;
            }

            _isDelivering = true;
        }

        try
        {
            while (TryTake(out var to, out var hint))
            {
                to.Connection.Deliver(to, hint);
            }
        }
        catch
        {
            lock (gate)
            {
                _isDelivering = false;
            }

            throw;
        }
    }

    private bool TryTake([NotNullWhen(true)] out Subscriber? to, out Hint hint)
    {
        lock (gate)
        {
            if (!IsHeldBack && _hints.TryDequeue(out var next))
            {
                (to, hint) = next;
                return true;
            }

            _isDelivering = false;
            (to, hint) = (null, default);
            return false;
        }
    }
}
