"""A camera by GStreamer's RTSP server: H.264 over RTP at ``rtsp://127.0.0.1:PORT/h264``, with a password.

At ``/clock`` it writes the time of its time zone (`TZ`) into the picture.

Run by the system's Python, for which Debian packages GStreamer's bindings:
``/usr/bin/python3 tests/gst_rtsp_server.py PORT``; 0 takes any free port. It prints the port it listens on,
serves until it is killed, and asks for the name and password of `ACCOUNT` as cameras do (digest, RFC 2617).
"""

import sys

ACCOUNT = ("viewer", "secret")
CODED = "openh264enc gop-size=25 ! rtph264pay name=pay0 pt=96 config-interval=1"
PATHS = {
    "/h264": "videotestsrc is-live=true pattern=checkers-8 ! video/x-raw,width=320,height=240,framerate=25/1",
    "/clock": (
        "videotestsrc is-live=true pattern=smpte75 ! video/x-raw,width=960,height=540,framerate=10/1 "
        '! clockoverlay time-format="%Y-%m-%d %H:%M:%S" font-desc="Sans 14" halignment=right'
    ),
}


def serve(port: int) -> None:
    """Serve until the process ends."""
    import gi

    for name in ("Gst", "GstRtsp", "GstRtspServer"):
        gi.require_version(name, "1.0")
    from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

    Gst.init(None)
    role = "viewer"
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", role)
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(*ACCOUNT, token)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role(role, right, True)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    server.set_auth(auth)
    for path, pictures in PATHS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {pictures} ! {CODED} )")
        factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    if not server.attach(None):
        sys.exit(f"port {port} of 127.0.0.1 cannot be listened on")
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
