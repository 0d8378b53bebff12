using Coordination.Backends;
using Coordination.Etcd;

namespace Quickstart;

/// <summary>An etcd cluster.</summary>
internal static class EtcdServer
{
    public static ICoordinationBackend Connect(string server, string prefix) =>
        EtcdBackend.Create(new EtcdBackendOptions { Endpoints = server, KeyPrefix = prefix });

    /// <summary>Every key is under a lease: those of a run that is over have gone with it, or go within one lease duration.</summary>
    public static Task SweepAsync(string server, string prefix) => Task.CompletedTask;
}
