using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper.Client;

/// <summary>What a watch for one event looks at.</summary>
internal enum ZooKeeperWatchKind
{
    /// <summary>The node and its data.</summary>
    Node,

    /// <summary>The list of its children.</summary>
    Children,
}

/// <summary>
/// Who is told of events. Events come on the read loop, one after the other. After a disconnect nothing is replayed: watches for one event end with "look again", and
/// persistent ones are set anew and then say the same, so that nothing can be missed and the server need not remember what the client saw.
/// </summary>
internal sealed class ZooKeeperWatches(ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Path, ZooKeeperWatchKind Kind), List<Action<ZooKeeperEvent>>> _once = [];
    private readonly Dictionary<string, Persistent> _persistent = new(StringComparer.Ordinal);

    private sealed record Persistent(ZooKeeperWatchMode Mode, List<Action<ZooKeeperEvent>> Callbacks);

    /// <summary>Refuses a watch that the servers would confuse with another.</summary>
    /// <exception cref="InvalidOperationException">A persistent watch is set on the path.</exception>
    public void CheckOnce(string path)
    {
        lock (_gate)
        {
            if (_persistent.ContainsKey(path))
            {
                throw Mixed(path);
            }
        }
    }

    /// <summary>Sets a watch for one event. To be called when the server has set it.</summary>
    public void AddOnce(string path, ZooKeeperWatchKind kind, Action<ZooKeeperEvent> callback)
    {
        lock (_gate)
        {
            if (!_once.TryGetValue((path, kind), out var callbacks))
            {
                _once.Add((path, kind), callbacks = []);
            }

            callbacks.Add(callback);
        }
    }

    /// <summary>Sets a persistent watch. To be called before the server is asked to.</summary>
    /// <exception cref="InvalidOperationException">A watch of another kind is set on the path.</exception>
    public void AddPersistent(string path, ZooKeeperWatchMode mode, Action<ZooKeeperEvent> callback)
    {
        lock (_gate)
        {
            if (_once.ContainsKey((path, ZooKeeperWatchKind.Node)) || _once.ContainsKey((path, ZooKeeperWatchKind.Children)) ||
                (_persistent.TryGetValue(path, out var other) && other.Mode != mode))
            {
                throw Mixed(path);
            }

            if (!_persistent.TryGetValue(path, out var watch))
            {
                _persistent.Add(path, watch = new Persistent(mode, []));
            }

            watch.Callbacks.Add(callback);
        }
    }

    /// <summary>Takes a persistent watch away.</summary>
    /// <returns>Whether it was the last of its path, so that the server can be told.</returns>
    public bool RemovePersistent(string path, Action<ZooKeeperEvent> callback)
    {
        lock (_gate)
        {
            return _persistent.TryGetValue(path, out var watch) && watch.Callbacks.Remove(callback) && watch.Callbacks.Count == 0 && _persistent.Remove(path);
        }
    }

    /// <summary>The persistent watches, to be set anew on a new connection.</summary>
    public IReadOnlyList<(string Path, ZooKeeperWatchMode Mode)> AllPersistent()
    {
        lock (_gate)
        {
            return [.. _persistent.Select(static watch => (watch.Key, watch.Value.Mode))];
        }
    }

    /// <summary>Tells those who watch for an event.</summary>
    public void Deliver(ZooKeeperEvent change)
    {
        var callbacks = new List<Action<ZooKeeperEvent>>();
        lock (_gate)
        {
            if (change.Type is not ZooKeeperEventType.ChildrenChanged && _once.Remove((change.Path, ZooKeeperWatchKind.Node), out var node))
            {
                callbacks.AddRange(node);
            }

            if (change.Type is ZooKeeperEventType.ChildrenChanged or ZooKeeperEventType.Deleted && _once.Remove((change.Path, ZooKeeperWatchKind.Children), out var children))
            {
                callbacks.AddRange(children);
            }

            if (_persistent.Count > 0)
            {
                for (var path = change.Path; ; path = ZooKeeperPath.Parent(path))
                {
                    if (_persistent.TryGetValue(path, out var watch) && (watch.Mode == ZooKeeperWatchMode.PersistentRecursive || path == change.Path))
                    {
                        callbacks.AddRange(watch.Callbacks);
                    }

                    if (path == "/")
                    {
                        break;
                    }
                }
            }
        }

        foreach (var callback in callbacks)
        {
            Call(callback, change);
        }
    }

    /// <summary>Ends all watches for one event: "look again".</summary>
    public void EndOnce()
    {
        KeyValuePair<(string Path, ZooKeeperWatchKind Kind), List<Action<ZooKeeperEvent>>>[] ended;
        lock (_gate)
        {
            ended = [.. _once];
            _once.Clear();
        }

        foreach (var ((path, _), callbacks) in ended)
        {
            foreach (var callback in callbacks)
            {
                Call(callback, new ZooKeeperEvent(ZooKeeperEventType.LookAgain, path));
            }
        }
    }

    /// <summary>Says "look again" to the persistent watches of a path.</summary>
    public void LookAgain(string path)
    {
        Action<ZooKeeperEvent>[] callbacks;
        lock (_gate)
        {
            callbacks = _persistent.TryGetValue(path, out var watch) ? [.. watch.Callbacks] : [];
        }

        foreach (var callback in callbacks)
        {
            Call(callback, new ZooKeeperEvent(ZooKeeperEventType.LookAgain, path));
        }
    }

    private void Call(Action<ZooKeeperEvent> callback, ZooKeeperEvent change)
    {
        try
        {
            callback(change);
        }
        catch (Exception exception)
        {
            ZooKeeperClientLog.CallbackFailed(logger, $"a watch of '{change.Path}'", exception);
        }
    }

    private static InvalidOperationException Mixed(string path) => new(
        $"A watch of another kind is set on '{path}' by this client. Servers before 3.9 confuse watches of two kinds on one path, so only one kind at a time is allowed.");
}
