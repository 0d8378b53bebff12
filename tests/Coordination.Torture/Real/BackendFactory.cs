using Coordination.Backends;
using Coordination.Etcd;
using Coordination.Redis;
using Coordination.ZooKeeper;

namespace Coordination.Torture.Real;

/// <summary>A backend by its name and where its servers are: <c>host:port;host:port</c>.</summary>
internal static class BackendFactory
{
    /// <summary>How long a Redlock master that has lost its data is kept out: longer than any lease here.</summary>
    public static readonly TimeSpan LongestDuration = TimeSpan.FromSeconds(4);

    public static ICoordinationBackend Create(string backend, string endpoints)
    {
        var all = endpoints.Split(';');
        switch (backend)
        {
            case "redis":
                return RedisBackend.Create(new RedisBackendOptions { Configuration = all[0] });
            case "redlock":
                var redlock = new RedlockBackendOptions { LongestDuration = LongestDuration };
                foreach (var master in all)
                {
                    redlock.Masters.Add(master);
                }

                return RedlockBackend.Create(redlock);
            case "etcd":
                return EtcdBackend.Create(new EtcdBackendOptions { Endpoints = string.Join(',', all.Select(static endpoint => $"http://{endpoint}")) });
            case "zookeeper":
                return ZooKeeperBackend.Create(string.Join(',', all));
            default:
                throw new ArgumentException($"There is no backend '{backend}'.", nameof(backend));
        }
    }
}
